package cli

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// destinations looks for two stages that place files on one path: the second would overwrite what the first wrote.
func (s *session) destinations() (list diag.List) {
	first := map[string]*spec.Block{}
	for _, b := range s.placing() {
		full := resolve.Path(s.dir, resolve.Destination(b))
		if other, taken := first[full]; taken {
			list = append(list, diag.Diagnostic{
				Severity: diag.Error, Code: "export-path", Summary: "Two exports on one path", Block: b.Addr.String(),
				Subject: b.Source["path"],
				Detail: fmt.Sprintf("%s and %s would both write %s. Give one of them another path.",
					other.Addr, b.Addr, resolve.Destination(b)),
			})
			continue
		}
		first[full] = b
	}
	return list
}

// unplaceable looks for destinations that no file can be put at, before a run spends its time on what goes there.
func (s *session) unplaceable() (list diag.List) {
	for _, b := range s.placing() {
		info, err := os.Stat(resolve.Path(s.dir, resolve.Destination(b)))
		detail := ""
		switch {
		case err == nil && info.IsDir():
			detail = fmt.Sprintf("%s is a folder. Give the path of a file, or move the folder away.", resolve.Destination(b))
		case errors.Is(err, syscall.ENOTDIR):
			detail = fmt.Sprintf("%s cannot be written, because a part of it is a file and no folder. Give another path, or move the file away.",
				resolve.Destination(b))
		default:
			continue
		}
		list = append(list, diag.Diagnostic{
			Severity: diag.Error, Code: "export-path", Summary: "No place for an export", Block: b.Addr.String(),
			Subject: b.Source["path"], Detail: detail,
		})
	}
	return list
}

// placing returns the stages that put files outside the store.
func (s *session) placing() (list []*spec.Block) {
	for i := range s.pipeline.Blocks {
		b := &s.pipeline.Blocks[i]
		if k := s.specs[b.Addr.Kind]; k != nil && k.Places && resolve.Destination(b) != "" {
			list = append(list, b)
		}
	}
	return list
}
