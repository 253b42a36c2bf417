package bag

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/prefab-build/prefab/backends"
	"github.com/prefab-build/prefab/backends/backendtest"
	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/executor/methods/stream"
)

// tiny is a configuration that trains in a moment.
func tiny() Config {
	c := Defaults()
	c.Buckets, c.Width, c.Hidden, c.BatchSize, c.Epochs, c.LearningRate = 512, 8, 16, 8, 3, 0.02
	c.Evaluations, c.Patience = 5, 10
	return c
}

// examples draws pairs whose better answer has the word "good" and names the prompt's subject, among words that mean
// nothing.
func examples(n int, name string) []reward.Example {
	draw := stream.New(3, "bag-test", name)
	subjects := []string{"rivers", "engines", "poems", "taxes", "bees"}
	text := func() string {
		var b strings.Builder
		for range 5 + draw.IntN(20) {
			fmt.Fprintf(&b, "w%d ", draw.IntN(200))
		}
		return b.String()
	}
	var out []reward.Example
	for i := range n {
		s := subjects[draw.IntN(len(subjects))]
		out = append(out, reward.Example{
			Key:    sha256.Sum256([]byte(name + fmt.Sprint(i))),
			Prompt: reward.Render([]reward.Message{{Role: "user", Content: "Tell me about " + s}}),
			Chosen: text() + "good " + s, Rejected: text() + "bad " + subjects[draw.IntN(len(subjects))],
			Weight: 1,
		})
	}
	return out
}

func train(t *testing.T, d *backends.Device, pairs, validation []reward.Example, c Config, opts Options) (*Model, Report) {
	t.Helper()
	m, r, err := Train(t.Context(), d, pairs, validation, c, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, r
}

func filesOf(t *testing.T, m *Model) reward.Files {
	t.Helper()
	files, err := m.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameFiles(a, b reward.Files) bool {
	return slices.Equal(a.Names(), b.Names()) && !slices.ContainsFunc(a.Names(), func(n string) bool { return !bytes.Equal(a[n], b[n]) })
}

func TestLearns(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, d *backends.Device) {
		var last Progress
		m, r := train(t, d, examples(200, "train"), examples(60, "validation"), tiny(), Options{Progress: func(p Progress) { last = p }})
		if math.Abs(r.InitialLoss-math.Ln2) > 1e-6 || r.Curve[0].Loss != math.Ln2 {
			t.Errorf("the first losses are %.9f and %.9f, not ln 2", r.InitialLoss, r.Curve[0].Loss)
		}
		if r.BestStep == 0 || r.BestLoss > 0.3 || r.Pairs != 200 || r.Validation != 60 {
			t.Errorf("report %+v", r)
		}
		if r.Steps != r.MaxSteps || r.Stopped != "epochs" || r.MaxSteps != 75 || len(r.Curve) != 16 {
			t.Errorf("steps %d of %d, %d looks, stopped by %s", r.Steps, r.MaxSteps, len(r.Curve), r.Stopped)
		}
		if last.Step != r.Steps || last.Validation != r.Curve[15].Loss {
			t.Errorf("the last progress was %+v", last)
		}
		test := examples(100, "test")
		margins, err := reward.Margins(t.Context(), m, test)
		if err != nil || reward.Accuracy(margins) < 0.9 {
			t.Errorf("accuracy on new pairs %.3f, %v", reward.Accuracy(margins), err)
		}
		for i := range test {
			test[i].Chosen, test[i].Rejected = test[i].Rejected, test[i].Chosen
		}
		swapped, err := reward.Margins(t.Context(), m, test)
		if err != nil {
			t.Fatal(err)
		}
		for i := range margins {
			if margins[i] != -swapped[i] {
				t.Fatalf("pair %d has margin %g and, swapped, %g", i, margins[i], swapped[i])
			}
		}
	})
}

// TestSameBytes trains again with the rows in another order.
func TestSameBytes(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, d *backends.Device) {
		pairs, validation := examples(60, "train"), examples(20, "validation")
		one, _ := train(t, d, pairs, validation, tiny(), Options{})
		slices.Reverse(pairs)
		slices.Reverse(validation)
		two, _ := train(t, d, pairs, validation, tiny(), Options{})
		if !sameFiles(filesOf(t, one), filesOf(t, two)) {
			t.Error("a second run, with the rows in another order, gives other bytes")
		}
		other := tiny()
		other.Seed = 1
		three, _ := train(t, d, pairs, validation, other, Options{})
		if bytes.Equal(filesOf(t, one)[reward.ModelFile], filesOf(t, three)[reward.ModelFile]) {
			t.Error("another seed gives the same numbers")
		}
	})
}

// TestResume cuts a run off in the middle of an epoch, where steps were made since the checkpoint, and goes on.
func TestResume(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, d *backends.Device) {
		pairs, validation, c := examples(100, "train"), examples(20, "validation"), tiny()
		c.Evaluations = 3
		whole, want := train(t, d, pairs, validation, c, Options{})
		path := filepath.Join(t.TempDir(), "run.safetensors")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, _, err := Train(ctx, d, pairs, validation, c, Options{Checkpoint: path, Progress: func(p Progress) {
			if p.Step == 20 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled run ends with %v", err)
		}
		resumed, r := train(t, d, pairs, validation, c, Options{Checkpoint: path})
		if r.Resumed == 0 || r.Resumed >= 20 {
			t.Errorf("resumed at step %d", r.Resumed)
		}
		if !sameFiles(filesOf(t, whole), filesOf(t, resumed)) {
			t.Error("the resumed run gives other bytes")
		}
		if !slices.Equal(r.Curve, want.Curve) || r.InitialLoss != want.InitialLoss || r.Steps != want.Steps {
			t.Errorf("the resumed run reports %+v, the whole one %+v", r, want)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the checkpoint of a finished run: %v", err)
		}
	})
}

// TestOtherCheckpoints: a checkpoint of another run or a damaged one is replaced, not used.
func TestOtherCheckpoints(t *testing.T) {
	d := backendtest.Open(t, backends.CPU)
	pairs, c := examples(40, "train"), tiny()
	path := filepath.Join(t.TempDir(), "run.safetensors")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, _, err := Train(ctx, d, pairs, nil, c, Options{Checkpoint: path, Progress: func(p Progress) {
		if p.Step == 7 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(good)
	flipped[len(flipped)-1] ^= 1
	changed := slices.Clone(pairs)
	changed[3].Chosen += " more"
	other := c
	other.LearningRate /= 2
	for _, v := range []struct {
		name  string
		data  []byte
		pairs []reward.Example
		cfg   Config
		want  int
	}{
		{"the same run", good, pairs, c, 7},
		{"other pairs", good, changed, c, 0},
		{"another configuration", good, pairs, other, 0},
		{"cut short", good[:len(good)/2], pairs, c, 0},
		{"a flipped bit", flipped, pairs, c, 0},
		{"empty", nil, pairs, c, 0},
	} {
		if err := os.WriteFile(path, v.data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, r := train(t, d, v.pairs, nil, v.cfg, Options{Checkpoint: path}); r.Resumed != v.want {
			t.Errorf("%s: resumed at step %d, want %d", v.name, r.Resumed, v.want)
		}
	}
}

// TestBatches: a response's score is the same bits alone, in any place of a batch, and across batches.
func TestBatches(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, d *backends.Device) {
		m, _ := train(t, d, examples(40, "train"), nil, tiny(), Options{})
		var items []reward.Item
		for _, e := range examples(80, "items") {
			items = append(items, reward.Item{Prompt: e.Prompt, Response: e.Chosen}, reward.Item{Prompt: e.Prompt, Response: e.Rejected})
		}
		items = append(items, reward.Item{}, reward.Item{Prompt: items[0].Prompt}, reward.Item{Response: items[0].Response})
		all, err := m.ScoreAll(t.Context(), items)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(items)
		reversed, err := m.ScoreAll(t.Context(), items[1:])
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(reversed)
		for i := range reversed {
			if reversed[i] != all[i] {
				t.Fatalf("item %d has score %g, and %g with the others in another order", i, all[i], reversed[i])
			}
		}
		slices.Reverse(items)
		for _, i := range []int{0, 63, 64, 101, len(items) - 1} {
			if one, err := m.Score(items[i].Prompt, items[i].Response); err != nil || one != all[i] {
				t.Errorf("item %d has score %g in a list and %g alone, %v", i, all[i], one, err)
			}
		}
		if none, err := m.ScoreAll(t.Context(), nil); err != nil || len(none) != 0 {
			t.Errorf("no items give %v, %v", none, err)
		}
	})
}

// TestConcurrent scores from several goroutines at once.
func TestConcurrent(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, d *backends.Device) {
		m, _ := train(t, d, examples(40, "train"), nil, tiny(), Options{})
		pairs := examples(100, "items")
		want, err := reward.Margins(t.Context(), m, pairs)
		if err != nil {
			t.Fatal(err)
		}
		var group errgroup.Group
		for range 4 {
			group.Go(func() error {
				got, err := reward.Margins(t.Context(), m, pairs)
				if err == nil && !slices.Equal(got, want) {
					err = errors.New("scored beside others, the margins are others")
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// TestReload opens the stored model on the device that trained it, where scores are equal, and on cpu, where they agree
// within rounding.
func TestReload(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, d *backends.Device) {
		m, _ := train(t, d, examples(100, "train"), examples(30, "validation"), tiny(), Options{})
		pairs := examples(40, "test")
		want, err := reward.Margins(t.Context(), m, pairs)
		if err != nil {
			t.Fatal(err)
		}
		for _, on := range []*backends.Device{d, backendtest.Open(t, backends.CPU)} {
			again, err := Open(on, filesOf(t, m))
			if err != nil {
				t.Fatal(err)
			}
			if !sameFiles(filesOf(t, m), filesOf(t, again)) || again.Temperature() != m.Temperature() || again.Config() != m.Config() {
				t.Errorf("on %s the reloaded model is another", on.Name())
			}
			got, err := reward.Margins(t.Context(), again, pairs)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if bound := 1e-5; math.Abs(got[i]-want[i]) > bound || on == d && got[i] != want[i] {
					t.Errorf("pair %d: margin %g on %s, %g reloaded on %s", i, want[i], d.Name(), got[i], on.Name())
					break
				}
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	d := backendtest.Open(t, backends.CPU)
	m, _ := train(t, d, examples(8, "train"), nil, tiny(), Options{})
	good := filesOf(t, m)
	config, numbers := string(good[reward.ConfigFile]), good[reward.ModelFile]
	nan := slices.Clone(numbers)
	copy(nan[len(nan)-4:], "\xff\xff\xff\xff")
	for _, c := range []struct {
		name, config string
		numbers      []byte
		want         string
	}{
		{"another architecture", strings.Replace(config, `"bag"`, `"linear"`, 1), numbers, `architecture "linear"`},
		{"a later version", strings.Replace(config, `"version": 1`, `"version": 99`, 1), numbers, "version 99"},
		{"an unknown field", strings.Replace(config, `"pairs"`, `"pears"`, 1), numbers, "pears"},
		{"a configuration out of range", strings.Replace(config, `"hidden": 16`, `"hidden": -1`, 1), numbers, "hidden"},
		{"another size", strings.Replace(config, `"hidden": 16`, `"hidden": 8`, 1), numbers, "shape"},
		{"cut numbers", config, numbers[:len(numbers)-4], reward.ModelFile},
		{"not a number", config, nan, "NaN"},
	} {
		files := reward.Files{reward.ConfigFile: []byte(c.config), reward.ModelFile: c.numbers}
		if _, err := Open(d, files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", c.name, err, c.want)
		}
	}
}

func TestTrainRefuses(t *testing.T) {
	d := backendtest.Open(t, backends.CPU)
	bad := tiny()
	bad.Buckets = 1000
	if _, _, err := Train(t.Context(), d, examples(4, "train"), nil, bad, Options{}); err == nil || !strings.Contains(err.Error(), "buckets: 1000") {
		t.Errorf("1000 buckets: %v", err)
	}
	if _, _, err := Train(t.Context(), d, nil, nil, tiny(), Options{}); err == nil {
		t.Error("no pairs are no error")
	}
	twice := append(examples(4, "train"), examples(4, "train")...)
	if _, _, err := Train(t.Context(), d, examples(4, "v"), twice, tiny(), Options{}); err == nil || !strings.Contains(err.Error(), "validation pairs") {
		t.Errorf("validation pairs with equal keys: %v", err)
	}
}

// TestPatience stops a run whose validation pairs contradict its training pairs, and keeps the model that knows nothing.
func TestPatience(t *testing.T) {
	d := backendtest.Open(t, backends.CPU)
	contrary := examples(30, "validation")
	for i := range contrary {
		contrary[i].Chosen, contrary[i].Rejected = contrary[i].Rejected, contrary[i].Chosen
	}
	c := tiny()
	c.Patience = 3
	m, r := train(t, d, examples(100, "train"), contrary, c, Options{})
	if r.Stopped != "patience" || r.BestStep != 0 || len(r.Curve) != 4 || r.BestLoss != math.Ln2 {
		t.Errorf("stopped by %s at step %d, best step %d with loss %g, %d looks", r.Stopped, r.Steps, r.BestStep, r.BestLoss, len(r.Curve))
	}
	if s, err := m.Score("a prompt", "a good answer"); err != nil || s != 0 {
		t.Errorf("the model before training gives the score %g, %v", s, err)
	}
}

// TestWeights: pairs of weight 0 teach nothing, and weights count by their ratio alone.
func TestWeights(t *testing.T) {
	d := backendtest.Open(t, backends.CPU)
	pairs := examples(120, "train")
	for i := range pairs {
		if i%2 == 1 { // contrary pairs of no weight
			pairs[i].Chosen, pairs[i].Rejected, pairs[i].Weight = pairs[i].Rejected, pairs[i].Chosen, 0
		}
	}
	c := tiny()
	c.Epochs = 6
	m, _ := train(t, d, pairs, nil, c, Options{})
	margins, err := reward.Margins(t.Context(), m, examples(100, "test"))
	if err != nil || reward.Accuracy(margins) < 0.85 {
		t.Errorf("with contrary pairs of weight 0 the accuracy is %.3f, %v", reward.Accuracy(margins), err)
	}
	for i := range pairs {
		pairs[i].Weight *= 4
	}
	scaled, _ := train(t, d, pairs, nil, c, Options{})
	if !sameFiles(filesOf(t, m), filesOf(t, scaled)) {
		t.Error("weights four times as large give another model")
	}
}

// TestMargin: with a head of 0 the first loss of pairs that should win by 1 is softplus(1).
func TestMargin(t *testing.T) {
	d := backendtest.Open(t, backends.CPU)
	pairs := examples(16, "train")
	for i := range pairs {
		pairs[i].Margin = 1
	}
	_, r := train(t, d, pairs, nil, tiny(), Options{})
	if math.Abs(r.InitialLoss-1.3132616875182228) > 1e-6 {
		t.Errorf("the first loss is %.9f", r.InitialLoss)
	}
}

func TestConfigCheckNamesEveryFault(t *testing.T) {
	if faults := Defaults().Check(); len(faults) != 0 {
		t.Errorf("the defaults have faults: %v", faults)
	}
	var names []string
	for _, p := range (Config{LearningRate: math.NaN(), Warmup: 2, WeightDecay: -1, Patience: -1}).Check() {
		names = append(names, p.Attribute)
	}
	want := "buckets max_ngram width hidden batch_size epochs learning_rate warmup weight_decay evaluations patience"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("faults of %s, want %s", got, want)
	}
	large := Defaults()
	large.Buckets, large.BatchSize = 65536, 1024
	if faults := large.Check(); len(faults) != 1 || !strings.Contains(faults[0].Error(), "batch_size: 1024 pairs over 65536 buckets make an input of 768 MB") {
		t.Errorf("a batch too large for memory: %v", faults)
	}
}
