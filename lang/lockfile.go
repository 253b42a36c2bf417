package lang

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec/diag"
)

// LockName is the file that holds pins. It is committed, and holds inputs only: merging two of them is a matter of
// lines.
const LockName = "prefab.lock.hcl"

// A Pin is what an input with `pin = true` was when it was last accepted.
type Pin struct {
	Addr    string            // of the stage that reads it
	Files   map[string]string // path to "sha256:" and the digest of its unpacked segments
	Records int64
}

// lockHead begins every lock file that prefab writes.
const lockHead = "# The inputs that the spec pins. Written by prefab lock and prefab apply; commit it.\n"

// FormatLock writes pins in the one order, so that equal pins give equal bytes.
func FormatLock(pins []Pin) []byte {
	f := hclwrite.NewEmptyFile()
	sorted := slices.SortedFunc(slices.Values(pins), func(a, b Pin) int { return strings.Compare(a.Addr, b.Addr) })
	for _, p := range sorted {
		f.Body().AppendNewline()
		b := f.Body().AppendNewBlock("input", []string{p.Addr}).Body()
		b.SetAttributeValue("records", cty.NumberIntVal(p.Records))
		files := map[string]cty.Value{}
		for path, digest := range p.Files {
			files[path] = cty.StringVal(digest)
		}
		if len(files) > 0 {
			b.SetAttributeValue("files", cty.MapVal(files))
		}
	}
	return append([]byte(lockHead), hclwrite.Format(f.Bytes())...)
}

// ReadLock reads a lock file. Every problem says where it is and that the file can be made anew.
func ReadLock(name string, src []byte) ([]Pin, diag.List) {
	file, problems := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	var content struct {
		Inputs []struct {
			Addr    string            `hcl:"addr,label"`
			Files   map[string]string `hcl:"files,optional"`
			Records int64             `hcl:"records"`
		} `hcl:"input,block"`
	}
	if !problems.HasErrors() {
		problems = append(problems, gohcl.DecodeBody(file.Body, nil, &content)...)
	}
	var list diag.List
	for _, p := range problems {
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "lock-file", Summary: "Corrupt lock file",
			Detail: fmt.Sprintf("%s: %s Restore the file from version control, or remove it and run prefab lock to pin the inputs as they are now.", p.Summary, p.Detail),
		}
		if p.Subject != nil {
			d.Subject = rangeOf(*p.Subject)
		}
		list = append(list, d)
	}
	pins := make([]Pin, 0, len(content.Inputs))
	for _, in := range content.Inputs {
		pins = append(pins, Pin{Addr: in.Addr, Files: in.Files, Records: in.Records})
	}
	return pins, list
}

// Equal reports whether two pins hold the same files.
func (p Pin) Equal(q Pin) bool { return p.Addr == q.Addr && maps.Equal(p.Files, q.Files) }
