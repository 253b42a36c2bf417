package lang

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/prefab-build/prefab/spec"
)

// addFileFunctions adds the functions that look outside of the source. What they return is noted, so that a stage's key
// can tell why it changed; a file is noted by its digest.
func (l *loader) addFileFunctions(out map[string]function.Function) {
	out["file"] = stringFunc(l.fileText, "path")
	out["filesha256"] = stringFunc(l.fileDigest, "path")
	out["fileset"] = function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "pattern", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return l.fileSet(args[0].AsString(), args[1].AsString())
		},
	})
	out["env"] = function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam: &function.Parameter{Name: "default", Type: cty.String},
		Type:     function.StaticReturnType(cty.String),
		Impl:     func(args []cty.Value, _ cty.Type) (cty.Value, error) { return l.environment(args) },
	})
}

func stringFunc(f func(string) (string, error), param string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: param, Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			return cty.StringVal(s), err
		},
	})
}

func call(name string, args ...string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = strconv.Quote(a)
	}
	return name + "(" + strings.Join(quoted, ", ") + ")"
}

func (l *loader) fileBytes(fn, name string) ([]byte, error) {
	b, err := l.readBounded(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	sum := sha256.Sum256(b)
	l.rec.note(call(fn, name), "sha256:"+hex.EncodeToString(sum[:]))
	return b, nil
}

// maxFile is how much text of a file can be a value. A digest is of files of any size.
const maxFile = 16 << 20

func (l *loader) readBounded(name string) ([]byte, error) {
	f, err := l.openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	return b, err
}

func (l *loader) fileText(name string) (string, error) {
	b, err := l.fileBytes("file", name)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", function.NewArgErrorf(0, "the file %s is not UTF-8 text", name)
	}
	return string(b), nil
}

func (l *loader) fileDigest(name string) (string, error) {
	f, err := l.openFile(name)
	if err != nil {
		return "", unreadable(name, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", unreadable(name, err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	l.rec.note(call("filesha256", name), "sha256:"+sum)
	return sum, nil
}

func unreadable(name string, err error) error {
	return function.NewArgErrorf(0, "the file %s cannot be read: %v. Paths are relative to the pipeline's folder", name, cause(err))
}

// environment returns a variable of the environment. One that by its name holds a secret is sensitive, so that it
// cannot get into a key, a plan or a report.
func (l *loader) environment(args []cty.Value) (cty.Value, error) {
	name := args[0].AsString()
	if len(args) > 2 {
		return cty.NilVal, function.NewArgErrorf(2, "env takes a name and, at most, one default")
	}
	s, ok := l.opts.Environ(name)
	if !ok && len(args) < 2 {
		return cty.NilVal, function.NewArgErrorf(0, "the environment has no %s. Set it, or give a default: env(%q, \"...\")", name, name)
	}
	if !ok {
		s = args[1].AsString()
	}
	if !utf8.ValidString(s) {
		return cty.NilVal, function.NewArgErrorf(0, "the value of %s is not UTF-8 text", name)
	}
	if secretName.MatchString(name) {
		l.keepSecret(cty.StringVal(s))
		return cty.StringVal(s).Mark(sensitive), nil
	}
	l.rec.note(call("env", name), s)
	return cty.StringVal(s), nil
}

var secretName = regexp.MustCompile(`(?i)(^|_)(key|token|secret|password|passwd|credentials?)$`)

// fileSet is the function fileset.
func (l *loader) fileSet(dir, pattern string) (cty.Value, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return cty.NilVal, function.NewArgErrorf(1, "%q is no pattern: %v", pattern, err)
	}
	var found []string
	var err error
	if l.opts.FS != nil {
		found, err = filesBelow(l.opts.FS, path.Clean(filepath.ToSlash(dir)), pattern)
	} else {
		found, err = Fileset(l.path(dir), pattern)
	}
	if l.opts.FS == nil && l.opts.Outside != nil {
		l.opts.Outside.Fileset(l.path(dir), pattern, found, err)
	}
	if err != nil {
		return cty.NilVal, function.NewArgErrorf(0, "the folder %s cannot be read: %v", dir, cause(err))
	}
	l.rec.note(call("fileset", dir, pattern), string(spec.Canonical(found)))
	if len(found) == 0 {
		return cty.SetValEmpty(cty.String), nil
	}
	vals := make([]cty.Value, len(found))
	for i, f := range found {
		vals[i] = cty.StringVal(f)
	}
	return cty.SetVal(vals), nil
}

// Fileset returns the files below a folder whose path matches a pattern, in which ** stands for any folders. They are
// sorted, and relative to the folder.
func Fileset(dir, pattern string) ([]string, error) { return filesBelow(os.DirFS(dir), ".", pattern) }

func filesBelow(fsys fs.FS, root, pattern string) ([]string, error) {
	var found []string
	err := fs.WalkDir(fsys, root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel := strings.TrimPrefix(name, root+"/")
		if matchSegments(strings.Split(pattern, "/"), strings.Split(rel, "/")) {
			found = append(found, rel)
		}
		return nil
	})
	slices.Sort(found)
	return found, err
}

// matchSegments matches a path against a pattern, segment by segment.
func matchSegments(pattern, name []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := 0; i <= len(name); i++ {
				if matchSegments(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, _ := path.Match(pattern[0], name[0]); !ok {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return len(name) == 0
}

// templateFunc makes templatefile, which renders a file with variables of its own and no others.
func (l *loader) templateFunc(within map[string]function.Function) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "vars", Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name, vars := args[0].AsString(), args[1]
			if !vars.Type().IsObjectType() && !vars.Type().IsMapType() {
				return cty.NilVal, function.NewArgErrorf(1, "the variables of a template are a map")
			}
			b, err := l.fileBytes("templatefile", name)
			if err != nil {
				return cty.NilVal, err
			}
			if d, bad := unparseable(name, b, formTemplate); bad {
				return cty.NilVal, d
			}
			t, ds := hclsyntax.ParseTemplate(b, name, hcl.InitialPos)
			if ds.HasErrors() {
				return cty.NilVal, ds
			}
			l.count(t)
			ctx := &hcl.EvalContext{Functions: within, Variables: vars.AsValueMap()}
			v, ds := t.Value(ctx)
			if ds.HasErrors() {
				return cty.NilVal, ds
			}
			if v.IsNull() || !v.IsKnown() {
				return cty.NilVal, fmt.Errorf("the template %s gives no text", name)
			}
			return asText(v)
		},
	})
}
