package lang

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// envPrefix stands before the name of a variable in the environment.
const envPrefix = "PREFAB_VAR_"

// A givenValue is a value that someone gave a variable.
type givenValue struct {
	text  string // of the environment or --var: read by the variable's type
	plain bool   // text is set
	val   cty.Value
	from  string // for messages: "--var", "the file x.prefabvars"
	by    spec.Giver
	rng   diag.Range // in a file
	bad   bool       // a problem was reported
}

// givenValues collects the values of variables, later ones over earlier: the environment, the folder's
// *.auto.prefabvars in the order of their names, then the command line in its order. What the environment and the
// command line gave to a saved plan is given again in the same places, and what they give now holds over it.
func (l *loader) givenValues() map[string]*givenValue {
	given := map[string]*givenValue{}
	l.readRecorded(given, spec.FromEnvironment)
	for name := range l.decls.variables {
		if s, ok := l.opts.Environ(envPrefix + name); ok {
			given[name] = &givenValue{text: s, plain: true, from: envPrefix + name + " in the environment", by: spec.FromEnvironment}
		}
	}
	for _, name := range l.autoFiles() {
		b, err := l.readSource(func() (fs.File, error) { return l.openFile(name) })
		l.readValues(given, name, b, err)
	}
	lying := maps.Clone(given)
	l.readRecorded(given, spec.FromCommandLine)
	for _, g := range l.opts.Given {
		if g.File != "" {
			b, err := l.readSource(func() (fs.File, error) { return l.openFile(g.File) })
			l.readValues(given, g.File, b, err)
			continue
		}
		if l.decls.variables[g.Name] == nil {
			l.errorf(diag.Range{}, "unknown-variable", "Unknown variable", "--var gives %q, and no such variable is declared.%s",
				g.Name, choices(g.Name, slices.Collect(maps.Keys(l.decls.variables)), "Declared are"))
			continue
		}
		given[g.Name] = &givenValue{text: g.Value, plain: true, from: "--var"}
	}
	for name, v := range given {
		if v != lying[name] {
			v.by = spec.FromCommandLine
		}
	}
	return given
}

// readRecorded takes the values that one giver gave to a saved plan. One whose variable is gone is left out: the plan is
// stale anyway.
func (l *loader) readRecorded(given map[string]*givenValue, by spec.Giver) {
	for _, rec := range l.opts.Recorded {
		if rec.From != by || rec.Value == nil || l.decls.variables[rec.Name] == nil {
			continue
		}
		var v ctyjson.SimpleJSONValue
		err := v.UnmarshalJSON(rec.Value)
		if err != nil {
			l.errorf(diag.Range{}, "variable-syntax", "Value cannot be read", "The saved plan has no readable value of var.%s: %v.", rec.Name, err)
		}
		given[rec.Name] = &givenValue{val: v.Value, bad: err != nil, from: "the saved plan", by: by}
	}
}

func (l *loader) autoFiles() []string {
	entries, err := fs.ReadDir(l.fileSystem(), ".")
	if err != nil {
		return nil // reported when the sources were looked for
	}
	var out []string
	for _, e := range entries {
		n := e.Name()
		if !e.IsDir() && isAutoValues(n) {
			out = append(out, n)
		}
	}
	return out
}

func isAutoValues(name string) bool {
	return strings.HasSuffix(name, ".auto.prefabvars") || strings.HasSuffix(name, ".auto.prefabvars.json")
}

// readValues reads a file of values: name = value.
func (l *loader) readValues(given map[string]*givenValue, name string, b []byte, err error) {
	if err != nil {
		l.errorf(diag.Range{}, "unreadable-file", "File cannot be read", "The file of variables %s cannot be read: %v.", name, cause(err))
		return
	}
	l.files[name] = b
	if d, bad := unparseable(name, b, formConfig); bad {
		l.add(d)
		l.hideFile(name)
		return
	}
	var f *hcl.File
	var ds hcl.Diagnostics
	if strings.HasSuffix(name, ".json") {
		f, ds = json.Parse(b, name)
	} else {
		f, ds = hclsyntax.ParseConfig(b, name, hcl.InitialPos)
	}
	l.addHCL(ds, "syntax")
	if f == nil || f.Body == nil || ds.HasErrors() {
		l.hideFile(name)
		return
	}
	attrs, ds := f.Body.JustAttributes()
	l.addHCL(ds, "syntax")
	if ds.HasErrors() {
		l.hideFile(name)
	}
	for _, key := range sortedByPlace(attrs) {
		l.readValue(given, name, attrs[key])
	}
}

func (l *loader) readValue(given map[string]*givenValue, file string, a *hcl.Attribute) {
	if l.decls.variables[a.Name] == nil {
		l.warnf(rangeOf(a.NameRange), "unknown-variable", "Unknown variable", "%s gives %q, and no such variable is declared.%s",
			file, a.Name, choices(a.Name, slices.Collect(maps.Keys(l.decls.variables)), "Declared are"))
		return
	}
	if l.decls.variables[a.Name].sensitive {
		l.hide(rangeOf(a.Range))
		l.hide(rangeOf(a.Expr.Range()))
	}
	g := &givenValue{from: "the file " + file, rng: rangeOf(a.Expr.Range())}
	v, ds := a.Expr.Value(nil)
	l.addHCL(ds, "expression")
	g.val, g.bad = v, ds.HasErrors()
	given[a.Name] = g
}

// parseGiven turns what was given into a value. A text stands for itself when the variable is a string, or has no type;
// else it is read as an expression.
func (l *loader) parseGiven(v *variable, g *givenValue) (cty.Value, bool) {
	if !g.plain {
		return g.val, true
	}
	if !utf8.ValidString(g.text) {
		l.errorf(diag.Range{}, "variable-syntax", "Value cannot be read", "What %s gives for var.%s is not UTF-8 text.", g.from, v.name)
		return cty.DynamicVal, false
	}
	if v.typ == cty.String || v.typ == cty.DynamicPseudoType {
		return cty.StringVal(g.text), true
	}
	if v.typ.IsPrimitiveType() {
		return cty.StringVal(strings.TrimSpace(g.text)), true
	}
	val, ds := parseLiteral(g.text, g.from)
	if ds.HasErrors() && v.sensitive {
		l.errorf(diag.Range{}, "variable-syntax", "Value cannot be read",
			"What %s gives for var.%s, which is sensitive, is no value of the language. Lists are written [\"a\", \"b\"], maps { a = 1 }.", g.from, v.name)
		return val, false
	}
	if ds.HasErrors() {
		l.errorf(diag.Range{}, "variable-syntax", "Value cannot be read",
			"What %s gives for var.%s is no value of the language: %s. Lists are written [\"a\", \"b\"], maps { a = 1 }.", g.from, v.name, strings.TrimSuffix(ds[0].Detail, "."))
		return cty.DynamicVal, false
	}
	return val, true
}
