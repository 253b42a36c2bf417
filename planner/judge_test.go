package planner

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

// A measurement of 0.72 in [0.65, 0.8], and what thresholds of every form make of it under every profile.
func TestThresholdsAndProfiles(t *testing.T) {
	m := spec.Value("score", 0.72, 100)
	m.Low, m.High = spec.F(0.65), spec.F(0.8)
	point := spec.Value("score", 0.72, 100)
	for _, c := range []struct {
		name      string
		profile   string
		limit     spec.Threshold
		measured  spec.Metric
		outcome   Outcome
		severity  string
		condition string
	}{
		{"bare", "documented", spec.Threshold{}, m, Pass, "error", "score >= 0.7"},
		{"bare", "strict", spec.Threshold{}, m, Fail, "error", "score_low >= 0.7"},
		{"bare", "permissive", spec.Threshold{}, m, Pass, "warn", "score >= 0.7"},
		{"a limit of its own", "strict", spec.Threshold{Min: spec.F(0.66)}, m, Fail, "error", "score_low >= 0.66"},
		{"a limit and an end of its own", "strict", spec.Threshold{Min: spec.F(0.72), End: "point"}, m, Pass, "error", "score >= 0.72"},
		{"the other end", "documented", spec.Threshold{Max: spec.F(0.75), End: "high"}, m, Fail, "error", "score_high <= 0.75"},
		{"too low", "documented", spec.Threshold{Min: spec.F(0.73)}, m, Fail, "error", "score >= 0.73"},
		{"too low", "permissive", spec.Threshold{Min: spec.F(0.73), OnFailure: "stop"}, m, Fail, "warn", "score >= 0.73"},
		{"too low", "documented", spec.Threshold{Min: spec.F(0.73), OnFailure: "warn"}, m, Fail, "warn", "score >= 0.73"},
		{"no interval", "strict", spec.Threshold{}, point, NotEvaluated, "error", "score_low >= 0.7"},
		{"unavailable", "documented", spec.Threshold{}, spec.Unavailable("score", "no rows"), NotEvaluated, "error", "score >= 0.7"},
		{"unavailable", "permissive", spec.Threshold{}, spec.Unavailable("score", "no rows"), NotEvaluated, "warn", "score >= 0.7"},
		{"never measured", "documented", spec.Threshold{}, spec.Value("other", 1, 1), NotEvaluated, "error", "score >= 0.7"},
	} {
		t.Run(c.profile+" "+c.name, func(t *testing.T) {
			p := &spec.Pipeline{Project: spec.Project{Profile: c.profile}, Blocks: []spec.Block{limited(stage("keep.a"), c.limit)}}
			kinds := map[string]*spec.KindSpec{}
			for _, k := range labKinds() {
				kinds[k.Name] = k
			}
			v := NewJudge(p, kinds, func(spec.Addr) ([]spec.Metric, Outcome) { return []spec.Metric{c.measured}, Pass }).Verdict(0)
			if v.Outcome != c.outcome || v.Severity != c.severity || v.Condition != c.condition {
				t.Errorf("it is %s (%s), %s: want %s (%s), %s", v.Outcome, v.Severity, v.Condition, c.outcome, c.severity, c.condition)
			}
			if stops := c.severity == "error" && c.outcome != Pass; v.Stops() != stops {
				t.Errorf("it stops: %t", v.Stops())
			}
			if c.outcome == NotEvaluated && v.Message == "" {
				t.Error("it is not evaluated, and does not say why")
			}
		})
	}
}

// A limit that another metric may hold instead.
func TestALimitWithAnAlternative(t *testing.T) {
	kinds := map[string]*spec.KindSpec{"keep": {Name: "keep", Ports: func(spec.Config) spec.Ports {
		return spec.Ports{Metrics: []spec.MetricDef{{
			Name: "score", Limits: map[string]spec.Limit{"strict": {Min: spec.F(0.7), End: "low", Or: "share"}},
		}}}
	}}}
	metric := func(name string, low float64) spec.Metric {
		m := spec.Value(name, low+0.1, 100)
		m.Low = &low
		return m
	}
	for want, list := range map[string][]spec.Metric{
		"pass score_low >= 0.7 or share_low >= 0.7, 1 metrics": {metric("score", 0.7), metric("share", 0.1)},
		"pass score_low >= 0.7 or share_low >= 0.7, 2 metrics": {metric("score", 0.6), metric("share", 0.7)},
		"fail score_low >= 0.7 or share_low >= 0.7, 2 metrics": {metric("score", 0.6), metric("share", 0.69)},
		"fail score_low >= 0.7 or share_low >= 0.7, 1 metrics": {metric("score", 0.6), spec.Unavailable("share", "no votes")},
		"fail score_low >= 0.65, 1 metrics":                    {metric("score", 0.6), metric("share", 0.9)},
	} {
		var limit spec.Threshold
		if strings.Contains(want, "0.65") {
			limit.Min = spec.F(0.65) // one's own limit has no alternative
		}
		b := stage("keep.a")
		limit.Metric = "score"
		b.Limits = []spec.Threshold{limit}
		p := &spec.Pipeline{Project: spec.Project{Profile: "strict"}, Blocks: []spec.Block{b}}
		v := NewJudge(p, kinds, func(spec.Addr) ([]spec.Metric, Outcome) { return list, Pass }).Verdict(0)
		if got := fmt.Sprintf("%s %s, %d metrics", v.Outcome, v.Condition, len(v.Metrics)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAThresholdWithoutALimitIsNotAPass(t *testing.T) {
	k := &spec.KindSpec{Name: "keep", Ports: func(spec.Config) spec.Ports {
		return spec.Ports{Metrics: []spec.MetricDef{{Name: "bare"}}}
	}}
	for metric, message := range map[string]string{"bare": "give the threshold a min or a max", "none": "measures no none"} {
		p := &spec.Pipeline{Blocks: []spec.Block{limited(stage("keep.a"), spec.Threshold{Metric: metric})}}
		v := NewJudge(p, map[string]*spec.KindSpec{"keep": k}, func(spec.Addr) ([]spec.Metric, Outcome) { return nil, Pass }).Verdict(0)
		if v.Outcome != NotEvaluated || !strings.Contains(v.Message, message) {
			t.Errorf("%s is %s: %s", metric, v.Outcome, v.Message)
		}
	}
}

func TestChangesOfFiles(t *testing.T) {
	file := func(path, content string, records int) File {
		return File{Path: path, Segments: []Segment{{Digest: spec.HashBytes([]byte(content)), Records: records}}}
	}
	was := func(files ...File) (list []PreviousFile) {
		for _, f := range files {
			list = append(list, PreviousFile{Path: f.Path, Digest: FileDigest(f), Records: f.Records()})
		}
		return list
	}
	a, b := file("a", "1", 3), file("b", "2", 4)
	for _, c := range []struct {
		name string
		old  []PreviousFile
		now  []File
		want string
	}{
		{"nothing", was(a, b), []File{a, b}, ""},
		{"an edit", was(a, b), []File{a, file("b", "3", 4)}, "1 of 2 files changed"},
		{"a row", was(a, b), []File{a, file("b", "3", 5)}, "+1 row, 1 of 2 files changed"},
		{"a file", was(a), []File{a, b}, "+4 rows, 1 of 2 files new"},
		{"a file less", was(a, b), []File{a}, "-4 rows, 1 gone"},
		{"another name", was(a), []File{file("c", "1", 3)}, "1 of 1 files new, 1 gone"},
	} {
		if got := fileChanges(c.now, c.old); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
