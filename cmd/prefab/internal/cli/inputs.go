package cli

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prefab-build/prefab/executor/resolve"
)

// An inputPath is a path or a glob by which a stage reads from outside.
type inputPath struct {
	reader string // what reads, and the path as the spec has it
	folder string // the key of the part before the first wildcard, and of the whole path where there is none
	glob   string // what comes behind it
	files  func() []os.FileInfo
}

// inputPaths lists what the pipeline reads from outside: its sources, and the files that functions read.
func (s *session) inputPaths() (list []inputPath) {
	add := func(reader, name string, glob bool) {
		in := inputPath{reader: reader}
		full := resolve.Path(s.dir, name)
		base := full
		if glob && resolve.IsGlob(s.dir, name) {
			base, in.glob = splitGlob(s.dir, name)
		}
		in.folder = pathKey(resolve.Real(base))
		isGlob := in.glob != ""
		in.files = sync.OnceValue(func() []os.FileInfo { return stats(s.dir, name, isGlob) })
		list = append(list, in)
	}
	for i := range s.pipeline.Blocks {
		b := &s.pipeline.Blocks[i]
		if k := s.specs[b.Addr.Kind]; k != nil && k.Sources != nil {
			for _, source := range k.Sources(b.Full()) {
				for _, p := range source.Paths {
					add(fmt.Sprintf("%s reads as %q", b.Addr, p), p, true)
				}
			}
		}
		for _, call := range slices.Sorted(maps.Keys(b.Values)) {
			if name, ok := fileOf(call); ok {
				add(call+" reads", name, false)
			}
		}
	}
	return list
}

// fileOf returns the file that a call such as file("a.txt") reads.
func fileOf(call string) (string, bool) {
	name, arg, ok := strings.Cut(strings.TrimSuffix(call, ")"), "(")
	if !ok || name != "file" && name != "filesha256" && name != "templatefile" {
		return "", false
	}
	arg, err := strconv.Unquote(arg)
	return arg, err == nil
}

// splitGlob cuts a pattern before its first part with a wildcard.
func splitGlob(dir, pattern string) (folder, glob string) {
	parts := strings.Split(filepath.ToSlash(pattern), "/")
	n := 0
	for n < len(parts)-1 && !strings.ContainsAny(parts[n], resolve.Wildcards) {
		n++
	}
	folder = strings.Join(parts[:n], "/")
	if folder == "" && strings.HasPrefix(pattern, "/") {
		folder = "/"
	}
	return resolve.Path(dir, folder), path.Clean(strings.Join(parts[n:], "/"))
}

// matches reports whether a stage that reads this would read the target.
func (in *inputPath) matches(t *target) bool {
	if in.glob == "" && in.folder == t.key {
		return true
	}
	if in.glob != "" {
		n := strings.Count(in.glob, "/") + 1
		parts := strings.Split(filepath.ToSlash(t.real), "/")
		if cut := len(parts) - n; cut > 0 && pathKey(rooted(parts[:cut])) == in.folder {
			if ok, _ := path.Match(in.glob, strings.Join(parts[cut:], "/")); ok {
				return true
			}
		}
	}
	if t.info == nil {
		return false
	}
	for _, info := range in.files() { // through links of any kind
		if os.SameFile(t.info, info) {
			return true
		}
	}
	return false
}

// rooted joins the parts of an absolute path.
func rooted(parts []string) string {
	if len(parts) == 1 && parts[0] == "" {
		return "/"
	}
	return strings.Join(parts, "/")
}

// stats looks at the files that are there.
func stats(dir, name string, glob bool) (list []os.FileInfo) {
	files := []string{resolve.Path(dir, name)}
	if glob {
		files, _ = resolve.Glob(dir, name)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			list = append(list, info)
		}
	}
	return list
}
