package compare

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// startup measures what a command costs that has nothing to do.
func startup(ctx context.Context, b *bench) (*section, error) {
	s := &section{title: "Starting", text: "Each tool prints its version. A kernel that holds a program in pages of 2 MB counts 2 MB for each byte of it\n" +
		"that is looked at, and one that holds it in small pages 64 kB. Which it does depends on how the file was written; so\n" +
		"prefab is measured as go build wrote it, and from a copy that was written in small pieces, as an archive is unpacked.", head: usage}
	small := b.path("small", "prefab")
	if err := pour(b.Prefab, small); err != nil {
		return nil, err
	}
	jobs := []job{{tool: "prefab", argv: []string{small, "version"}}}
	s.measured("version, in small pages", turns(ctx, 2*b.Sizes.Runs, jobs), nil)
	jobs = nil
	for _, p := range programs {
		if t := b.tools[p.name]; t.there() {
			jobs = append(jobs, job{tool: p.name, argv: append([]string{t.path}, p.version...), env: []string{"DVC_NO_ANALYTICS=1"}})
		}
	}
	s.measured("version", turns(ctx, 2*b.Sizes.Runs, jobs), nil)
	return s, nil
}

// pour copies a program in pieces of 32 kB.
func pour(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	// Hidden, for the system would copy whole files by itself.
	_, err = io.Copy(struct{ io.Writer }{out}, struct{ io.Reader }{in})
	return errors.Join(err, out.Close())
}
