package lang

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/prefab-build/prefab/spec"
)

// manyStages writes a pipeline of n datasets and n stages that each read one.
func manyStages(n int) string {
	var b strings.Builder
	b.WriteString("locals { rows = 5 }\nvariable \"seed\" { default = 1 }\n")
	for i := range n {
		fmt.Fprintf(&b, "dataset \"d%d\" {\n  seed = var.seed + %d\n  source \"synthetic\" {\n    rows = local.rows\n  }\n}\n", i, i)
		fmt.Fprintf(&b, "split \"s%d\" {\n  pairs  = dataset.d%d.pairs\n  ratios = { train = 0.8, validation = 0.2 }\n}\n", i, i)
	}
	return b.String()
}

// chain writes stages that each read the one before.
func chain(n int) string {
	var b strings.Builder
	b.WriteString("dataset \"d\" {\n  source \"synthetic\" {}\n}\nvalidate \"v0\" {\n  pairs = dataset.d.pairs\n}\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "validate \"v%d\" {\n  pairs = validate.v%d.pairs\n}\n", i, i-1)
	}
	return b.String()
}

// instances writes one for_each of n and another over it.
func instances(n int) string {
	return fmt.Sprintf(`
locals {
  keys = toset([for i in range(%d) : "k${i}"])
}
dataset "d" {
  for_each = { for k in local.keys : k => length(k) }
  seed     = each.value
  source "synthetic" {
    rows = each.value
  }
}
split "s" {
  for_each = dataset.d
  pairs    = each.value.pairs
  ratios   = { train = 0.8, validation = 0.2 }
}
split "t" {
  for_each = local.keys
  pairs    = dataset.d[each.key].pairs
  ratios   = { train = 0.8, validation = 0.2 }
}
`, n)
}

func load(b testing.TB, src string) *spec.Pipeline {
	p, _, diags := Load(context.Background(), ".", Options{
		Kinds: testKinds(), FS: fstest.MapFS{"main.prefab.hcl": {Data: []byte(src)}},
	})
	if diags.HasErrors() {
		b.Fatal(diags.Error())
	}
	return p
}

func BenchmarkLoad(b *testing.B) {
	for _, c := range []struct {
		name  string
		write func(int) string
		sizes []int
	}{{"stages", manyStages, []int{500, 5000}}, {"chain", chain, []int{1000, 10000}}, {"instances", instances, []int{333, 1000}}} {
		for _, n := range c.sizes {
			src := c.write(n)
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				blocks := 0
				for b.Loop() {
					blocks = len(load(b, src).Blocks)
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*blocks), "us/stage")
			})
		}
	}
}

// TestManyStages loads sizes that would show a pass that is not linear by running into the test's time limit.
func TestManyStages(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, c := range []struct {
		name, src string
		want      int
	}{
		{"stages", manyStages(5000), 10000},
		{"chain", chain(10000), 10001},
		{"instances", instances(1000), 3000},
	} {
		if got := len(load(t, c.src).Blocks); got != c.want {
			t.Errorf("%s: %d blocks, want %d", c.name, got, c.want)
		}
	}
}
