package lang

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/spec/diag"
)

// TestChunks loads every chunk of testdata/*.hcl as a pipeline of its own. Chunks are parted by lines of dashes. Each
// problem must be expected on the line where its subject begins, as
//
//	count = 3  ### unsupported-count "write `enabled"
//
// with its code and a regular expression for its detail; a line may expect several. What is expected and not reported
// fails as well. A problem without a place is expected on the chunk's first line.
func TestChunks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.hcl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no chunks: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line := 1
		for i, chunk := range strings.Split(string(src), "\n-----\n") {
			name := fmt.Sprintf("%s/%d", strings.TrimSuffix(filepath.Base(file), ".hcl"), i+1)
			first := line
			t.Run(name, func(t *testing.T) { checkChunk(t, file, first, chunk) })
			line += strings.Count(chunk, "\n") + 2
		}
	}
}

type expectation struct {
	line int // in the chunk
	code string
	re   *regexp.Regexp
	met  bool
}

var expectationRE = regexp.MustCompile("([a-z-]+) (`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\")")

func checkChunk(t *testing.T, file string, first int, chunk string) {
	var want []*expectation
	for i, text := range strings.Split(chunk, "\n") {
		_, comment, ok := strings.Cut(text, "### ")
		if !ok {
			continue
		}
		found := expectationRE.FindAllStringSubmatch(comment, -1)
		if len(found) == 0 {
			t.Fatalf("%s:%d: nothing is expected after ###", file, first+i)
		}
		for _, m := range found {
			pattern, err := strconv.Unquote(m[2])
			if err != nil {
				t.Fatalf("%s:%d: %v", file, first+i, err)
			}
			want = append(want, &expectation{line: i + 1, code: m[1], re: regexp.MustCompile(pattern)})
		}
	}
	_, got := loadText(t, chunk, Options{Version: "0.1.0", Environ: testEnviron})
	for _, d := range got {
		if !expected(want, d) {
			t.Errorf("%s:%d: unexpected %s %s: %s", file, first+max(d.Subject.Start.Line, 1)-1, d.Severity, d.Code, d.Detail)
		}
	}
	for _, w := range want {
		if !w.met {
			t.Errorf("%s:%d: no problem %s %q is reported here", file, first+w.line-1, w.code, w.re)
		}
	}
}

func expected(want []*expectation, d diag.Diagnostic) bool {
	for _, w := range want {
		if !w.met && w.line == max(d.Subject.Start.Line, 1) && w.code == d.Code && w.re.MatchString(d.Detail) {
			w.met = true
			return true
		}
	}
	return false
}

func testEnviron(name string) (string, bool) {
	v, ok := map[string]string{"CORPUS": "hh", "HF_TOKEN": "hf_123"}[name]
	return v, ok
}
