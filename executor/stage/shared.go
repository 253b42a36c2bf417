package stage

import (
	"context"

	"github.com/prefab-build/prefab/spec"
)

// Shared keeps the results of one piece of work that several stages need, such as the groups of similar prompts, for all
// stages, runs and projects. It is a cache and in no key: what it gives for an input has to be what the work would make of
// that input again. Whatever cannot be read is not there.
type Shared interface {
	// Inputs lists what results are kept of, in no order that means anything.
	Inputs() []spec.Digest
	// Head returns a few bytes that tell what a result is good for.
	Head(input spec.Digest) (head []byte, ok bool)
	// Get returns a result.
	Get(ctx context.Context, input spec.Digest) (result []byte, ok bool)
	// Put keeps a result.
	Put(ctx context.Context, input spec.Digest, head, result []byte) error
	// Lock keeps others from the work on an input, so that they find the result instead of making it, too.
	Lock(ctx context.Context, input spec.Digest) (unlock func(), err error)
}

// Shared returns what is kept of a piece of work. Work names all that the results depend on but the input: what it is, the
// versions of its methods, its settings.
func (t *Task) Shared(work ...string) Shared { return t.host.Shared(work...) }
