//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// What a hostile spec or input may cost before it is refused.
const (
	hostileMemory = 512 << 10 // kB, resident; inputs that unpack to a gigabyte come to most
	hostileTime   = 20 * time.Second
)

// TestFaultHostile gives specs and inputs that are made to take all memory or time, or to lead out of the project. Each is
// refused, with exit code 1, at a cost that is bounded.
func TestFaultHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes under the race detector")
	}
	output := func(value string) string { return "output \"o\" { value = " + value + " }\n" }
	const dataset = "dataset \"m\" {\n  source \"jsonl\" { path = %q }\n}\n"
	export := func(path string) string {
		return fmt.Sprintf(dataset+"export \"e\" {\n  pairs = dataset.m.pairs\n  path = %q\n}\n", "pairs.jsonl", path)
	}
	doubled := func(first, step string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "locals {\n  a0 = %s\n", first)
		for i := range 60 {
			fmt.Fprintf(&b, "  a%d = %s\n", i+1, strings.ReplaceAll(step, "X", fmt.Sprintf("local.a%d", i)))
		}
		return b.String() + "}\n" + output("local.a60")
	}
	for _, c := range []struct {
		name, spec, says string
		input            func(io.Writer) error
	}{
		{"export by dots", export("../../out.jsonl"), "leads out of the project", nil},
		{"export by dots within", export("out/../../out.jsonl"), "leads out of the project", nil},
		{"glob by dots", fmt.Sprintf(dataset, "../../*/*.jsonl"), "leads out of the folder", nil},
		{"glob by dots within", fmt.Sprintf(dataset, "data/*/../../../*.jsonl"), "leads out of the folder", nil},
		{"device", fmt.Sprintf(dataset, "/dev/zero"), "no regular file", nil},
		{"expression of 10 MB", output("1" + strings.Repeat(" + 1", 10<<20/4)), "MiB", nil},
		{"text of 10 MB", output(`"` + strings.Repeat("x", 10<<20) + `"`), "MiB", nil},
		{"deep lists", output(strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000)), "too deep", nil},
		{"deep prefixes", output(strings.Repeat("!", 1_000_000) + "true"), "too deep", nil},
		{"deep templates", output(strings.Repeat(`"${`, 300_000) + "1" + strings.Repeat(`}"`, 300_000)), "too deep", nil},
		{"range", output("range(1000000000)"), "1024", nil},
		{"format", output(`format("%999999999d", 1)`), "more than a", nil},
		{"setproduct", output("setproduct(range(1000), range(1000), range(1000))"), "more", nil},
		{"indent", output(`indent(1000000000, "a\nb")`), "more than a", nil},
		{"number", output("1e999999999"), "Number too long", nil},
		{"doubled text", doubled(`"x"`, `"${X}${X}"`), "large", nil},
		{"doubled list", doubled("[1]", "[X, X]"), "large", nil},
		{"joined", doubled(`"x"`, `join(X, [X, X, X])`), "more than a", nil},
		{"gzip bomb", fmt.Sprintf(dataset, "bomb.gz"), "", func(w io.Writer) error {
			z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
			return zeros(z)
		}},
		{"zstd bomb", fmt.Sprintf(dataset, "bomb.gz"), "", func(w io.Writer) error {
			z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
			if err != nil {
				return err
			}
			return zeros(z)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			s.write("main.prefab.hcl", []byte(c.spec))
			if c.input != nil {
				var b bytes.Buffer
				if err := c.input(&b); err != nil {
					t.Fatal(err)
				}
				s.write("bomb.gz", b.Bytes())
			}
			s.refuses(c.says)
		})
	}
}

// zeros writes a gigabyte of them, which is one record.
func zeros(z io.WriteCloser) error {
	block := make([]byte, 1<<20)
	for range 1 << 10 {
		if _, err := z.Write(block); err != nil {
			return err
		}
	}
	return z.Close()
}

// refuses applies what must be refused, and looks at what that cost.
func (s site) refuses(says string) {
	s.t.Helper()
	c := s.command("apply", "--yes")
	text, code := s.end(c)
	if plain := strings.Join(strings.Fields(strings.ReplaceAll(text, "│", " ")), " "); code != 1 || !strings.Contains(plain, says) {
		s.t.Errorf("it ends with %d:\n%s", code, text[:min(len(text), 2000)])
	}
	if len(text) > 20_000 {
		s.t.Errorf("it says %d bytes", len(text))
	}
	s.costs(c)
}

func (s site) costs(c *exec.Cmd) {
	s.t.Helper()
	usage := c.ProcessState.SysUsage().(*syscall.Rusage)
	took := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	if s.t.Logf("%d MB, %.1f s", usage.Maxrss>>10, took.Seconds()); usage.Maxrss > hostileMemory || took > hostileTime {
		s.t.Errorf("that takes more than %d MB or %s", hostileMemory>>10, hostileTime)
	}
}
