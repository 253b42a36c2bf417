package executor

import "github.com/prefab-build/prefab/spec"

// Blobs lists the columns that a result can be seen to have.
func Blobs(r *Result) (list []spec.Digest) {
	for _, o := range r.Outputs {
		list = o.Table.appendBlobs(list)
	}
	return list
}

// NewShared is what a stage gets from Task.Shared; conflicts are errors.
func NewShared(s Store, fresh bool, work ...string) *shared {
	h := &host{job: &job{bench: &bench{store: s}, fresh: fresh}}
	made := h.Shared(work...).(*shared)
	made.conflict = func(error) bool { return false }
	return made
}

// Base returns the base of the entries.
func (s *shared) Base() spec.Digest { return s.base }
