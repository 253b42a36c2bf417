package cli

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/lang"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, diff bool
	c := &cobra.Command{
		Use:   "fmt [FILE... | -]",
		Short: "Put spec files into the one layout",
		Long: "Put spec files into the one layout. Comments stay. Without files, all spec files of the folder; - reads from " +
			"standard input and writes to standard output.\n\nWith --check nothing is written, and the exit code is 1 when a file would change.",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "-" {
				return a.formatStream()
			}
			return a.formatFiles(args, check, diff)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "write nothing; exit with 1 when a file is not in the layout")
	c.Flags().BoolVar(&diff, "diff", false, "show what would change, and write nothing")
	return c
}

func (a *app) formatStream() error {
	src, err := io.ReadAll(a.In)
	if err != nil {
		return err
	}
	if problems := lang.Syntax("<stdin>", src); problems.HasErrors() {
		a.view.Diagnostics(problems, lang.Files{"<stdin>": src})
		return codeError(exitError)
	}
	_, err = a.Out.Write(lang.Format(src))
	return err
}

func (a *app) formatFiles(paths []string, check, diff bool) error {
	if len(paths) == 0 {
		for _, pattern := range []string{"*.prefab.hcl", "*.prefabvars"} {
			found, err := filepath.Glob(filepath.Join(a.dir, pattern))
			if err != nil {
				return err
			}
			paths = append(paths, found...)
		}
	}
	changed := 0
	for _, path := range paths {
		src, err := readFile(path)
		if err != nil {
			return err
		}
		if problems := lang.Syntax(path, src); problems.HasErrors() {
			a.view.Diagnostics(problems, lang.Files{path: src})
			return codeError(exitError)
		}
		formatted := lang.Format(src)
		if bytes.Equal(src, formatted) {
			continue
		}
		changed++
		switch {
		case diff:
			a.view.Text(lineDiff(path, string(src), string(formatted)))
		case check:
			a.view.Text(path + "\n")
		default:
			if err := disk.Replace(path, bytes.NewReader(formatted), 0o644); err != nil {
				return err
			}
			a.view.Text(path + "\n")
		}
	}
	if changed > 0 && check {
		return codeError(exitError)
	}
	return nil
}

// lineDiff shows the lines that differ, neighbours together. Formatting moves nothing far, so lines are compared by
// number until the files run apart.
func lineDiff(path, was, is string) string {
	old, now := strings.Split(was, "\n"), strings.Split(is, "\n")
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s (formatted)\n", path, path)
	differs := func(i int) bool {
		return i < max(len(old), len(now)) && (i >= len(old) || i >= len(now) || old[i] != now[i])
	}
	for i := 0; i < max(len(old), len(now)); i++ {
		if !differs(i) {
			continue
		}
		end := i + 1
		for differs(end) {
			end++
		}
		fmt.Fprintf(&b, "@@ line %d @@\n", i+1)
		for _, line := range old[min(i, len(old)):min(end, len(old))] {
			b.WriteString("-" + line + "\n")
		}
		for _, line := range now[min(i, len(now)):min(end, len(now))] {
			b.WriteString("+" + line + "\n")
		}
		i = end
	}
	return b.String()
}
