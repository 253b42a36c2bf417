package command

import (
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/stage/stagetest"
)

// What a program writes is quoted in errors and kept as a reason; the values of variables that are passed on are not.
func TestSecretsAreNotQuoted(t *testing.T) {
	t.Setenv("TOKEN", "hunter2secret")
	run := func(script, output string) (*stagetest.Finished, error) {
		return stagetest.Try(t, Kind, `{"config": {"argv": ["sh", "-c", "`+script+`"], "pass_env": ["TOKEN"], `+output+`}, "inputs": {}}`, nil)
	}
	_, err := run(`echo $TOKEN >out/rows.jsonl`, `"output": [{"label": "rows", "type": "pairs"}]`)
	if err == nil || !strings.Contains(err.Error(), "out/rows.jsonl, line 1") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error is: %v", err)
	}
	_, err = run(`echo $TOKEN; exit 1`, `"metric": [{"label": "m"}]`)
	if err == nil || !strings.Contains(err.Error(), "(TOKEN)") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error is: %v", err)
	}
	done, err := run(`echo {\\\"m\\\": \\\"no $TOKEN\\\"} >out/metrics.json`, `"metric": [{"label": "m"}]`)
	if err != nil || done.Result.Metrics[0].Reason != "no (TOKEN)" {
		t.Errorf("the metric is %+v, %v", done, err)
	}
	_, err = stagetest.Try(t, Kind, `{"config": {"argv": ["true"], "pass_env": ["NO_SUCH_VARIABLE"], "metric": [{"label": "m"}]}, "inputs": {}}`, nil)
	if err == nil || !strings.Contains(err.Error(), "no variable NO_SUCH_VARIABLE") {
		t.Errorf("the error is: %v", err)
	}
}
