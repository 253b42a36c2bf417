package command

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

var (
	inputName    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	outputName   = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// reserved begins the names of variables by which prefab tells the program something.
const reserved = "PREFAB_"

// A checker gathers the problems of one config.
type checker struct {
	*config
	problems []spec.Problem
}

func (k *checker) report(path []string, summary, detail string, args ...any) {
	k.problems = append(k.problems, spec.Problem{Path: path, Summary: summary, Detail: fmt.Sprintf(detail, args...)})
}

func check(raw spec.Config) []spec.Problem {
	c := decode(raw)
	if raw.Decode(&config{}) != nil {
		return nil // the schema has reported it
	}
	k := &checker{config: &c}
	k.program()
	k.environment()
	given := k.inputs()
	k.outputs(given)
	k.metrics()
	return k.problems
}

func (k *checker) program() {
	if len(k.Argv) == 0 || k.Argv[0] == "" {
		k.report([]string{"argv"}, "No program", "The first word of argv names the program to run, as in [\"python3\", \"train.py\"].")
	}
	for i, word := range k.Argv {
		if strings.ContainsRune(word, 0) {
			k.report([]string{"argv", strconv.Itoa(i)}, "A word that cannot be passed", "The word holds the NUL character, which ends a word for every program. Remove it.")
		}
	}
}

func (k *checker) environment() {
	for name, value := range k.Env {
		path := []string{"env", name + "@"}
		k.variable(path, name)
		if strings.ContainsRune(value, 0) {
			k.report(path, "A value that cannot be passed", "The value of %s holds the NUL character, which ends a value for every program. Remove it.", name)
		}
	}
	for i, name := range k.PassEnv {
		path := []string{"pass_env", strconv.Itoa(i)}
		k.variable(path, name)
		if _, both := k.Env[name]; both {
			k.report(path, "A variable with two values", "%s is in env, too. Remove it from one of the two.", name)
		}
	}
}

func (k *checker) variable(path []string, name string) {
	switch {
	case !variableName.MatchString(name):
		k.report(path, "No name of a variable", "%q is no name of a variable of the environment: letters, digits and _ make one.", name)
	case strings.HasPrefix(name, reserved):
		k.report(path, "A name that is taken", "Names that begin with %s are prefab's own, and %s is one. Take another.", reserved, name)
	}
}

// inputs returns the attribute of each input by its name.
func (k *checker) inputs() map[string]string {
	given := map[string]string{}
	for _, port := range ports(nil).In {
		for _, name := range k.names(port.Name) {
			path := []string{port.Name, name}
			if !inputName.MatchString(name) {
				k.report(path, "An input that makes no file name", "The program finds the input as a file of this name, and %q makes none: letters, digits, _, - and . do.", name)
			}
			if other, taken := given[name]; taken {
				k.report(path, "Two inputs of one name", "%s has an input %s, too, and both would be in/%s. Rename one.", other, name, name)
			}
			given[name] = port.Name
		}
	}
	for i, name := range k.Columns {
		if !slices.ContainsFunc(tables, func(a spec.Artifact) bool {
			return slices.ContainsFunc(a.Columns(), func(c spec.Column) bool { return c.Name == name })
		}) {
			k.report([]string{"columns", strconv.Itoa(i)}, "Unknown column", "No table has a column %q. prefab stages pairs lists those of pairs, and so on; id is always there.", name)
		}
	}
	return given
}

func (k *checker) outputs(given map[string]string) {
	if len(k.Output)+len(k.Metric) == 0 {
		k.report([]string{"argv"}, "A program whose work nobody sees", "The stage declares neither an output nor a metric. Write an output \"NAME\" block for what the program makes.")
	}
	names, files := map[string]bool{}, map[string]string{"metrics.json": "of the metrics"}
	for i, o := range k.Output {
		at := []string{"output", strconv.Itoa(i)}
		if !outputName.MatchString(o.Name) {
			k.report(at, "No name of an output", "%q is no name by which others can refer to an output: small letters, digits and _ make one.", o.Name)
		}
		if names[o.Name] {
			k.report(at, "Two outputs of one name", "Another output is called %s. Rename one.", o.Name)
		}
		names[o.Name] = true
		file := append(slices.Clone(at), "file")
		path := o.path()
		switch other, taken := files[path]; {
		case taken:
			k.report(file, "Two outputs in one file", "out/%s is the file %s. Give one of them another file.", path, other)
		case !filepath.IsLocal(filepath.FromSlash(path)) || strings.ContainsAny(path, "\\\x00") || filepath.ToSlash(filepath.Clean(path)) != path || path == ".":
			k.report(file, "A file outside of the folder", "%q does not lead to a file in the folder out. Write a path below it, such as %s.", path, o.Name)
		case o.Type.IsRows() && formatOf(path) == "":
			k.report(file, "The ending says nothing of the file", "%q does not say what the rows are written as. It is to end in .jsonl, .parquet or .arrow.", path)
		}
		files[path] = "of " + o.Name
		k.rows(append(slices.Clone(at), "rows"), &o, given)
	}
}

// rows looks whether an output's rows can be those of its input.
func (k *checker) rows(path []string, o *output, given map[string]string) {
	port, known := given[o.Rows]
	switch {
	case !o.Type.IsRows() && o.Rows != "":
		k.report(path, "An output without rows", "A %s has no rows, so they are of no input. Remove rows.", o.Type)
	case o.Type == spec.Scores && o.Rows == "":
		k.report(path[:2], "Scores of nothing", "Scores are of the rows of an input, by id. Say of which, as in rows = \"validation\".")
	case o.Rows == "":
	case !known:
		var names []string
		for name := range given {
			names = append(names, name)
		}
		slices.Sort(names)
		hint := "The inputs are " + strings.Join(names, ", ") + "."
		if best := diag.Closest(o.Rows, names); best != "" {
			hint = "Did you mean " + best + "?"
		} else if len(names) == 0 {
			hint = "The stage has no inputs."
		}
		k.report(path, "No such input", "There is no input %q. %s", o.Rows, hint)
	case o.Type == spec.Scores && port != string(spec.Pairs), o.Type != spec.Scores && port != string(o.Type):
		k.report(path, "Rows of another type", "%s are %s, and the output is of type %s. Rows keep their ids where they stay what they are; scores are of pairs.", o.Rows, port, o.Type)
	}
}

func (k *checker) metrics() {
	names := map[string]bool{}
	for _, o := range k.Output {
		names[o.Name] = true
	}
	for i, m := range k.Metric {
		at := []string{"metric", strconv.Itoa(i)}
		switch {
		case !outputName.MatchString(m.Name):
			k.report(at, "No name of a metric", "%q is no name by which others can refer to a metric: small letters, digits and _ make one.", m.Name)
		case names[m.Name]:
			k.report(at, "A name that is taken", "Another metric or output is called %s. Rename one.", m.Name)
		case m.Min != nil && m.Max != nil && *m.Min > *m.Max:
			k.report(at, "Bounds that nothing is within", "The least that %s can be is over the most. Exchange min and max.", m.Name)
		}
		names[m.Name] = true
	}
}

// formatOf tells by its ending what a file of rows is.
func formatOf(path string) string {
	for _, f := range []string{frame.JSONL, frame.Parquet, frame.Arrow} {
		if strings.HasSuffix(path, "."+f) {
			return f
		}
	}
	return ""
}
