package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/prefab-build/prefab/executor/stage"
)

type runner struct{}

// Run hands the inputs over, runs the program and reads back what it wrote. The folder goes in any case.
func (runner) Run(ctx context.Context, t *stage.Task) (err error) {
	c := decode(nil)
	if err := t.Config(&c); err != nil {
		return err
	}
	f, err := newFolder()
	if err != nil {
		return err
	}
	defer func() {
		if gone := f.remove(); gone != nil {
			t.Logf("the folder in which it worked could not be removed: %v", gone)
		}
	}()
	if err := f.putFiles(t); err != nil {
		return err
	}
	kept, err := f.putInputs(ctx, t, &c)
	if err != nil {
		return err
	}
	p, err := newProgram(t, &c, f)
	if err != nil {
		return err
	}
	if err := p.run(ctx); err != nil {
		return err
	}
	return p.withoutSecrets(p.collect(ctx, kept))
}

// withoutSecrets is an error that may quote what the program wrote.
func (p *program) withoutSecrets(err error) error {
	if err == nil || p.said.clean.Replace(err.Error()) == err.Error() {
		return err
	}
	plain := errors.New(p.said.clean.Replace(err.Error()))
	if at := (*stage.AttrError)(nil); errors.As(err, &at) {
		return stage.At(plain, at.Path...)
	}
	return plain
}

// collect reads what was declared. Nothing of the program is at work any more.
func (p *program) collect(ctx context.Context, kept map[string]ids) error {
	if err := p.tooMuch(); err != nil {
		return err
	}
	for i := range p.Output {
		o := &p.Output[i]
		path, info, err := p.written(o)
		if err == nil {
			if o.Type.IsRows() {
				err = p.readRows(ctx, o, path, info, kept[o.Rows])
			} else {
				err = p.storeFiles(ctx, o, path, info)
			}
		}
		if err != nil {
			return p.about(o, err)
		}
	}
	p.account(kept)
	p.surplus()
	return p.measure()
}

// about says where in the spec the output stands that an error is about.
func (p *program) about(o *output, err error) error {
	for i := range p.Output {
		if &p.Output[i] == o && !errors.Is(err, context.Canceled) {
			return stage.At(fmt.Errorf("the output %s: %w", o.Name, err), "output", fmt.Sprint(i))
		}
	}
	return err
}

// shown is a path as the program knows it.
func (p *program) shown(path string) string {
	if rel, err := filepath.Rel(p.folder.work, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}
