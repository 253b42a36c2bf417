package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

func TestCheck(t *testing.T) {
	const good = `"argv": ["x"], "pairs": ["train"], "votes": ["v"]`
	for _, c := range []struct{ config, at, want string }{
		{good + `, "output": [{"label": "m", "type": "model"}]`, "", ""},
		{good + `, "output": [{"label": "k", "type": "pairs", "rows": "train", "file": "a/b.parquet"}, {"label": "s", "type": "scores", "rows": "train"}]`, "", ""},
		{`"argv": []`, "argv", "names the program"},
		{`"argv": ["x"]`, "argv", "neither an output nor a metric"},
		{`"argv": ["x", "a\u0000b"], "metric": [{"label": "m"}]`, "argv.1", "NUL"},
		{good + `, "prompts": ["train"], "metric": [{"label": "m"}]`, "prompts.train", "both would be in/train"},
		{`"argv": ["x"], "pairs": ["../up"], "metric": [{"label": "m"}]`, "pairs.../up", "makes none"},
		{good + `, "columns": ["chosn"], "metric": [{"label": "m"}]`, "columns.0", `no table has a column "chosn"`},
		{good + `, "env": {"A=B": "1"}, "metric": [{"label": "m"}]`, "env.A=B@", "no name of a variable"},
		{good + `, "env": {"PREFAB_SEED": "1"}, "metric": [{"label": "m"}]`, "env.PREFAB_SEED@", "prefab's own"},
		{good + `, "env": {"A": "1"}, "pass_env": ["A"], "metric": [{"label": "m"}]`, "pass_env.0", "Remove it from one"},
		{good + `, "output": [{"label": "K", "type": "model"}]`, "output.0", "small letters"},
		{good + `, "output": [{"label": "k", "type": "model"}, {"label": "k", "type": "model", "file": "o"}]`, "output.1", "Another output"},
		{good + `, "output": [{"label": "k", "type": "model"}, {"label": "l", "type": "model", "file": "k"}]`, "output.1.file", "is the file of k"},
		{good + `, "output": [{"label": "k", "type": "model", "file": "../k"}]`, "output.0.file", "does not lead to a file in the folder out"},
		{good + `, "output": [{"label": "k", "type": "model", "file": "/etc/k"}]`, "output.0.file", "does not lead to a file in the folder out"},
		{good + `, "output": [{"label": "k", "type": "model", "file": "metrics.json"}]`, "output.0.file", "of the metrics"},
		{good + `, "output": [{"label": "k", "type": "pairs", "file": "k.csv"}]`, "output.0.file", "is to end in"},
		{good + `, "output": [{"label": "k", "type": "pairs", "rows": "trian"}]`, "output.0.rows", "Did you mean train?"},
		{good + `, "output": [{"label": "k", "type": "pairs", "rows": "v"}]`, "output.0.rows", "v are votes"},
		{good + `, "output": [{"label": "k", "type": "scores"}]`, "output.0", "Say of which"},
		{good + `, "output": [{"label": "k", "type": "model", "rows": "train"}]`, "output.0.rows", "has no rows"},
		{good + `, "output": [{"label": "k", "type": "model"}], "metric": [{"label": "k"}]`, "metric.0", "Rename one"},
		{good + `, "metric": [{"label": "m", "min": 2, "max": 1}]`, "metric.0", "Exchange"},
	} {
		problems := check(spec.Config("{" + c.config + "}"))
		if c.want == "" {
			if len(problems) > 0 {
				t.Errorf("%s: %+v", c.config, problems)
			}
			continue
		}
		if !slices.ContainsFunc(problems, func(p spec.Problem) bool {
			return strings.Join(p.Path, ".") == c.at && strings.Contains(strings.ToLower(p.Detail), strings.ToLower(c.want))
		}) {
			t.Errorf("%s: no problem at %s says %q: %+v", c.config, c.at, c.want, problems)
		}
	}
}

// What a program makes is tainted by all that it was given: no output is clean, and no input passes nothing on.
func TestTaintsAreKept(t *testing.T) {
	p := ports(spec.Config(`{"pairs": ["a"], "output": [{"label": "m", "type": "model"}, {"label": "r", "type": "pairs"}]}`))
	if len(p.Out) != 2 || slices.ContainsFunc(p.Out, func(o spec.OutPort) bool { return o.Clean }) {
		t.Errorf("the outputs are %+v", p.Out)
	}
	if slices.ContainsFunc(p.In, func(i spec.InPort) bool { return i.Untainted }) {
		t.Errorf("the inputs are %+v", p.In)
	}
}
