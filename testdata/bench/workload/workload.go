// Package workload writes pipelines of many small stages, with the data that they read, for measurements. Everything in
// them works: they plan, apply and give the same on every machine, for one seed. It knows the language and no code of
// prefab, so that what it measures cannot lean on it.
package workload

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// group is how many stages hang together: a dataset of a few rows and a chain of cheap stages behind it. Real pipelines
// are bushier and their stages dearer; chains are the worst case for a plan, since each key needs the one before.
const group = 10

// perFile is how many stages a spec file holds.
const perFile = 1000

// Stages writes a pipeline of n stages into dir: one in ten is a dataset with a file of its own, one in a hundred an
// export behind a threshold, one in a thousand an export behind a gate too. No two stages have the same key.
func Stages(dir string, n int, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	file := 0
	flush := func() error {
		name := fmt.Sprintf("stages-%03d.prefab.hcl", file)
		file++
		defer b.Reset()
		return os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644)
	}
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
		return err
	}
	for i := range n {
		switch g, at := i/group, i%group; {
		case at == 0:
			if err := os.WriteFile(filepath.Join(dir, dataName(g)), rows(random, g), 0o644); err != nil {
				return err
			}
			fmt.Fprintf(&b, "dataset \"d%d\" {\n  source \"jsonl\" {\n    path = %q\n  }\n}\n\n", g, dataName(g))
		case at == group-1 && g%10 == 0:
			export(&b, i, g)
		default:
			from := fmt.Sprintf("deduplicate.s%d", i-1)
			if at == 1 {
				from = fmt.Sprintf("dataset.d%d", g)
			}
			fmt.Fprintf(&b, "deduplicate \"s%d\" {\n  pairs     = %s.pairs\n  near      = false\n  threshold = %.9f\n", i, from, threshold(i))
			if at == group-2 && g%10 == 0 {
				b.WriteString("  threshold \"rows_out\" {\n    min = 1\n  }\n")
			}
			b.WriteString("}\n\n")
		}
		if i%perFile == perFile-1 || i == n-1 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// threshold sets a stage's key apart from all others; without near duplicates it changes no result.
func threshold(i int) float64 { return 0.5 + float64(i)/1e6 }

func dataName(g int) string { return fmt.Sprintf("data/d%05d.jsonl", g) }

func export(b *bytes.Buffer, i, g int) {
	requires := ""
	if g%100 == 0 {
		fmt.Fprintf(b, "gate \"g%d\" {\n  check \"enough\" {\n    condition     = deduplicate.s%d.rows_out >= 1\n"+
			"    error_message = \"Only ${deduplicate.s%d.rows_out} pairs.\"\n  }\n}\n\n", i, i-1, i-1)
		requires = fmt.Sprintf("  requires = [gate.g%d]\n", i)
	}
	fmt.Fprintf(b, "export \"e%d\" {\n%s  pairs    = deduplicate.s%d.pairs\n  path     = \"out/e%d.jsonl\"\n}\n\n", i, requires, i-1, i)
}

var words = []string{
	"amber", "basalt", "cedar", "delta", "ember", "fjord", "granite", "harbor", "island", "juniper", "kelp", "lagoon",
	"meadow", "nectar", "orchard", "prairie", "quartz", "river", "summit", "tundra", "upland", "valley", "willow", "zephyr",
}

// rows are three to six pairs, one of them twice.
func rows(random *rand.Rand, g int) []byte {
	var b bytes.Buffer
	sentence := func() string {
		var s bytes.Buffer
		for i := range 4 + random.IntN(5) {
			if i > 0 {
				s.WriteByte(' ')
			}
			s.WriteString(words[random.IntN(len(words))])
		}
		return s.String()
	}
	var line string
	for i := range 3 + random.IntN(3) {
		line = fmt.Sprintf("{\"prompt\": \"Question %d of set %d: %s?\", \"chosen\": \"Yes: %s.\", \"rejected\": \"No: %s.\"}\n",
			i, g, sentence(), sentence(), sentence())
		b.WriteString(line)
	}
	b.WriteString(line)
	return b.Bytes()
}

// Instances writes the same work as Stages does, without exports and gates, as ten blocks with a for_each of n/10 keys.
func Instances(dir string, n int, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 1))
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
		return err
	}
	for g := range n / group {
		if err := os.WriteFile(filepath.Join(dir, dataName(g)), rows(random, g), 0o644); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "locals {\n  sets = { for i in range(%d) : format(\"%%05d\", i) => i }\n}\n\n", n/group)
	b.WriteString("dataset \"d\" {\n  for_each = local.sets\n  source \"jsonl\" {\n    path = \"data/d${each.key}.jsonl\"\n  }\n}\n\n")
	from := "dataset.d"
	for at := 1; at < group; at++ {
		fmt.Fprintf(&b, "deduplicate \"s%d\" {\n  for_each  = local.sets\n  pairs     = %s[each.key].pairs\n  near      = false\n"+
			"  threshold = 0.5 + (%d + 10 * each.value) / 1000000\n}\n\n", at, from, at)
		from = fmt.Sprintf("deduplicate.s%d", at)
	}
	return os.WriteFile(filepath.Join(dir, "main.prefab.hcl"), b.Bytes(), 0o644)
}
