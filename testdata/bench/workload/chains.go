package workload

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Chains are the pipelines of Stages as other build tools are told of them: n small steps from file to file in chains of
// ten, of which the last of the first chain checks a limit. Every step adds a line to ran.log, so that what ran can be
// counted. Blocks are parted by empty lines, and the second last step of the first chain but one is spelt alike in all.
type Chains struct{ N int }

// Data writes the files that the chains begin with, and the folder for theirs.
func (c Chains) Data(dir string, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 1))
	for _, name := range []string{"data", "out"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	for g := range c.N / group {
		if err := os.WriteFile(filepath.Join(dir, dataName(g)), rows(random, g), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Outputs are the files that the steps make, in order.
func (c Chains) Outputs() []string {
	out := make([]string, c.N)
	for i := range out {
		out[i] = output(i)
	}
	return out
}

func output(i int) string { return fmt.Sprintf("out/%d", i) }

func input(i int) string {
	if i%group == 0 {
		return dataName(i / group)
	}
	return output(i - 1)
}

// command is what step i runs in a shell.
func command(i int) string {
	check := ""
	if i == group-1 {
		check = fmt.Sprintf("test `wc -l <%s` -ge 1 && ", input(i))
	}
	return fmt.Sprintf("%scp %s %s && echo %d >>ran.log", check, input(i), output(i), i)
}

// Make is the Makefile.
func (c Chains) Make() string {
	var b strings.Builder
	fmt.Fprintf(&b, "all: %s\n", strings.Join(c.Outputs(), " "))
	for i := range c.N {
		fmt.Fprintf(&b, "\n%s: %s\n\t%s\n", output(i), input(i), command(i))
	}
	return b.String()
}

// Ninja is build.ninja. One rule serves all steps but the first chain's, whose steps have each a command of its own.
func (c Chains) Ninja() string {
	var b strings.Builder
	b.WriteString("rule step\n  command = cp $in $out && echo $out >>ran.log\n")
	for i := range c.N {
		rule := "step"
		if i < group {
			rule = fmt.Sprintf("step%d", i)
			fmt.Fprintf(&b, "\nrule %s\n  command = %s\n", rule, command(i))
		}
		fmt.Fprintf(&b, "\nbuild %s: %s %s\n", output(i), rule, input(i))
	}
	return b.String()
}

// Snakefile has a rule for each place in a chain, as Snakemake's users write it, and one for each step of the first chain.
func (c Chains) Snakefile() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rule all:\n    input: [f\"out/{i}\" for i in range(%d)]\n", c.N)
	for i := range min(c.N, group) {
		fmt.Fprintf(&b, "\nrule step%d:\n    input: %q\n    output: %q\n    shell: %q\n", i, input(i), output(i), command(i))
	}
	for at := range group {
		from := fmt.Sprintf("\"out/{g}%d\"", at-1)
		if at == 0 {
			from = "lambda w: f\"data/d{int(w.g):05d}.jsonl\""
		}
		fmt.Fprintf(&b, "\nrule chain%d:\n    input: %s\n    output: \"out/{g}%d\"\n    wildcard_constraints: g=\"[1-9][0-9]*\"\n"+
			"    shell: \"cp {input} {output} && echo {output} >>ran.log\"\n", at, from, at)
	}
	return b.String()
}

// DVC is dvc.yaml.
func (c Chains) DVC() string {
	var b strings.Builder
	b.WriteString("stages:\n")
	for i := range c.N {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "  step%d:\n    cmd: %s\n    deps:\n    - %s\n    outs:\n    - %s\n", i, command(i), input(i), output(i))
	}
	return b.String()
}

// Tofu is a main.tf for OpenTofu, whose resource of a step is replaced when its command, its file or the step before is.
func (c Chains) Tofu() string {
	var b strings.Builder
	for i := range c.N {
		on := fmt.Sprintf("terraform_data.step%d.id", i-1)
		if i%group == 0 {
			on = fmt.Sprintf("filesha256(%q)", input(i))
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "resource \"terraform_data\" \"step%d\" {\n  triggers_replace = [%s, %q]\n  provisioner \"local-exec\" {\n    command = %q\n  }\n}\n",
			i, on, command(i), command(i))
	}
	return b.String()
}
