package intake

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

func TestPartial(t *testing.T) {
	a, b := spec.HashBytes([]byte("a")), spec.HashBytes([]byte("b"))
	for _, p := range []partial{
		{},
		{source: 3, crlf: 7},
		{records: []uint32{0, 900}, ids: []spec.Digest{a, a}},
		{source: 1, records: []uint32{5, 6}, ids: []spec.Digest{a, b}, contents: []spec.Digest{b, a}},
	} {
		got, err := decodePartial(p.encode())
		if err != nil || got.source != p.source || got.crlf != p.crlf || !slices.Equal(got.records, p.records) ||
			!slices.Equal(got.ids, p.ids) || !slices.Equal(got.contents, p.contents) {
			t.Errorf("%+v became %+v: %v", p, got, err)
		}
	}
}

func FuzzPartial(f *testing.F) {
	p := partial{source: 1, records: []uint32{5, 6}, ids: make([]spec.Digest, 2)}
	f.Add(p.encode())
	f.Add([]byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePartial(b)
		if err != nil {
			return
		}
		if again, err := decodePartial(p.encode()); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%+v became %+v: %v", p, again, err)
		}
	})
}

// TestCheck looks at the problems of configs that the schema lets pass.
func TestCheck(t *testing.T) {
	for config, want := range map[string][][]string{
		`{"source": [{"label": "jsonl", "path": "a"}]}`:                                              nil,
		`{"source": [{"label": "jsonl"}, {"label": "csv", "paths": ["a"], "comma": "::"}]}`:          {{"source", "0"}, {"source", "1"}},
		`{"source": [{"label": "jsonl", "path": "a", "map": {"prize": {"op": "row"}}}]}`:             {{"source", "0", "map", "prize@"}},
		`{"source": [{"label": "synthetic", "noise": 0.4, "malformed": 0.3, "benchmark_items": 0}]}`: {{"source", "0", "benchmark_items"}, {"source", "0", "noise"}},
		`{"source": [{"label": "csv", "path": "a", "comma": ""}]}`:                                   {{"source", "0", "comma"}},
		`{"source": "nothing"}`: nil,
	} {
		var paths [][]string
		for _, p := range Check(spec.Config(config), spec.Pairs) {
			paths = append(paths, p.Path)
			if p.Summary == "" || p.Detail == "" {
				t.Errorf("%s: a problem without words", config)
			}
		}
		if !reflect.DeepEqual(paths, want) {
			t.Errorf("%s has problems at %v, want %v", config, paths, want)
		}
	}
}

// TestSources is total: broken configs have sources too, and a generator says how many records its parts make.
func TestSources(t *testing.T) {
	for _, config := range []string{``, `{}`, `{"source": 7}`, `{"source": [{"label": "synthetic", "rows": -1}]}`} {
		for _, s := range Decode(spec.Config(config)).Sources(spec.Pairs) {
			if s.Parts == nil || len(s.Parts) > 0 {
				t.Errorf("%s: %+v", config, s)
			}
		}
	}
	for artifact, want := range map[spec.Artifact]int{spec.Pairs: 1100, spec.Items: 1100, spec.Votes: 4400 - 1} {
		s := Decode(spec.Config(`{"source": [{"label": "synthetic", "rows": 1100}]}`)).Sources(artifact)
		total := 0
		for _, b := range s[0].Parts {
			var p struct{ Rows int }
			if err := json.Unmarshal(b, &p); err != nil {
				t.Fatal(err)
			}
			total += p.Rows
		}
		if len(s[0].Parts) != 3 || total != want {
			t.Errorf("%s: %d parts of %d records, want %d", artifact, len(s[0].Parts), total, want)
		}
	}
}
