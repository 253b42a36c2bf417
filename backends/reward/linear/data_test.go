package linear

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/backends/reward"
)

// open returns a file of the real data, or skips the test where there is none.
func open(t testing.TB, name string) io.Reader {
	t.Helper()
	dir := os.Getenv("PREFAB_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("no real data: %v (set PREFAB_TEST_DATA to its folder)", err)
	}
	t.Cleanup(func() { f.Close() })
	if !strings.HasSuffix(name, ".gz") {
		return f
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// numbered gives examples their keys, and one group to each distinct prompt.
func numbered(examples []reward.Example) []reward.Example {
	groups := map[string]int{}
	seen := map[[32]byte]bool{}
	out := examples[:0]
	for _, e := range examples {
		e.Key = sha256.Sum256([]byte(e.Prompt + "\x00" + e.Chosen + "\x00" + e.Rejected))
		if seen[e.Key] {
			continue
		}
		seen[e.Key] = true
		if _, ok := groups[e.Prompt]; !ok {
			groups[e.Prompt] = len(groups)
		}
		e.Group, e.Weight = groups[e.Prompt], 1
		out = append(out, e)
	}
	return out
}

// hashFolds spreads groups over k folds by a hash of the prompt.
func hashFolds(examples []reward.Example, k int, salt string) []int {
	folds := make([]int, len(examples))
	for i, e := range examples {
		sum := sha256.Sum256([]byte(salt + e.Prompt))
		folds[i] = int(sum[0])<<8 + int(sum[1])
		folds[i] %= k
	}
	return folds
}

const hhMark = "\n\nAssistant:"

func loadHH(t testing.TB) []reward.Example {
	dec := json.NewDecoder(open(t, "pairs/hh_harmless.jsonl.gz"))
	var out []reward.Example
	for dec.More() {
		var row struct{ Chosen, Rejected string }
		if err := dec.Decode(&row); err != nil {
			t.Fatal(err)
		}
		c, r := strings.LastIndex(row.Chosen, hhMark), strings.LastIndex(row.Rejected, hhMark)
		if c < 0 || r < 0 || row.Chosen[:c] != row.Rejected[:r] {
			continue
		}
		out = append(out, reward.Example{
			Prompt:   reward.Render(hhTurns(row.Chosen[:c])),
			Chosen:   strings.TrimSpace(row.Chosen[c+len(hhMark):]),
			Rejected: strings.TrimSpace(row.Rejected[r+len(hhMark):]),
		})
	}
	return numbered(out)
}

func hhTurns(text string) []reward.Message {
	var turns []reward.Message
	for _, part := range strings.Split(text, "\n\nHuman:")[1:] {
		asked, answered, ok := strings.Cut(part, hhMark)
		turns = append(turns, reward.Message{Role: "user", Content: strings.TrimSpace(asked)})
		if ok {
			turns = append(turns, reward.Message{Role: "assistant", Content: strings.TrimSpace(answered)})
		}
	}
	return turns
}

func loadInstructions(t testing.TB) []reward.Example {
	var rows []struct {
		Instruction, Input, Chosen, Rejected string
	}
	if err := json.NewDecoder(open(t, "pairs/instruction-data-with-preference.json")).Decode(&rows); err != nil {
		t.Fatal(err)
	}
	var out []reward.Example
	for _, r := range rows {
		prompt := strings.TrimSpace(r.Instruction + "\n" + r.Input)
		out = append(out, reward.Example{Prompt: prompt, Chosen: r.Chosen, Rejected: r.Rejected})
	}
	return numbered(out)
}

func TestRealPairs(t *testing.T) {
	for name, c := range map[string]struct {
		load     func(testing.TB) []reward.Example
		low, top float64
	}{
		"hh_harmless":  {loadHH, 0.58, 0.66},
		"instructions": {loadInstructions, 0.90, 1},
	} {
		t.Run(name, func(t *testing.T) {
			examples := c.load(t)
			_, r, err := Train(context.Background(), examples, hashFolds(examples, 5, ""), Defaults(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range r.Curve {
				t.Logf("penalty %-6g log-loss %.4f accuracy %.4f train %.4f iterations %d %v", p.Penalty, p.LogLoss, p.Accuracy, p.TrainLogLoss, p.Iterations, p.Converged)
			}
			t.Logf("%d pairs, %d features, penalty %g, accuracy %.4f, resubstitution %.4f, temperature %.3f, %+v",
				r.Pairs, r.Features, r.Penalty, r.CrossFit.Accuracy, reward.Accuracy(r.Resubstitution), r.CrossFit.Calibration.Temperature, r.Fit)
			if a := r.CrossFit.Accuracy; a < c.low || a > c.top {
				t.Errorf("held-out accuracy %.4f is outside %g to %g", a, c.low, c.top)
			}
		})
	}
}
