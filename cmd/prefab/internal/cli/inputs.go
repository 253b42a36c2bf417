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

// An inputIndex finds the input that a target would be, for thousands of both.
type inputIndex struct {
	list  []inputPath
	plain map[string]int // by key; of several the first
	globs []int
	files func() map[inode]int // by file; of several the first
}

type inode struct{ device, number uint64 }

func inodeOf(info os.FileInfo) inode {
	s := resolve.StampOf(info)
	return inode{s.Device, s.Inode}
}

func indexInputs(list []inputPath) *inputIndex {
	x := &inputIndex{list: list, plain: map[string]int{}}
	for i, in := range list {
		if in.glob != "" {
			x.globs = append(x.globs, i)
		} else if _, taken := x.plain[in.folder]; !taken {
			x.plain[in.folder] = i
		}
	}
	x.files = sync.OnceValue(func() map[inode]int {
		files := map[inode]int{}
		for i := range list {
			for _, info := range list[i].files() {
				if _, taken := files[inodeOf(info)]; !taken {
					files[inodeOf(info)] = i
				}
			}
		}
		return files
	})
	return x
}

// find returns the first input by which a stage would read the target.
func (x *inputIndex) find(t *target) (*inputPath, bool) {
	first := len(x.list)
	if i, ok := x.plain[t.key]; ok {
		first = i
	}
	for _, i := range x.globs {
		if i < first && x.list[i].matches(t) {
			first = i
		}
	}
	if t.info != nil {
		if id := inodeOf(t.info); id != (inode{}) {
			if i, ok := x.files()[id]; ok { // through links of any kind
				first = min(first, i)
			}
		} else { // a system that tells files apart in another way
			for i := range x.list[:first] {
				if slices.ContainsFunc(x.list[i].files(), func(info os.FileInfo) bool { return os.SameFile(t.info, info) }) {
					first = i
					break
				}
			}
		}
	}
	if first == len(x.list) {
		return nil, false
	}
	return &x.list[first], true
}

// matches reports whether a glob matches the target.
func (in *inputPath) matches(t *target) bool {
	n := strings.Count(in.glob, "/") + 1
	parts := strings.Split(filepath.ToSlash(t.real), "/")
	cut := len(parts) - n
	if cut <= 0 || pathKey(rooted(parts[:cut])) != in.folder {
		return false
	}
	ok, _ := path.Match(in.glob, strings.Join(parts[cut:], "/"))
	return ok
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
