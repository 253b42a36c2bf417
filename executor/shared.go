package executor

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// shared is a stage.Shared in the store: action entries under a base of their own.
type shared struct {
	store    Store
	base     spec.Digest
	fresh    bool             // nothing that is kept may be used
	conflict func(error) bool // takes note of a result that differs from the one kept
}

// A storedShared is the entry of one result.
type storedShared struct {
	Head   []byte      `json:"head,omitempty"`
	Result spec.Digest `json:"result"`
}

// Shared implements stage.Host.
func (h *host) Shared(work ...string) stage.Shared {
	list := []planner.Component{{Name: "shared", Value: "1"}}
	for i, w := range work {
		list = append(list, planner.Component{Name: strconv.Itoa(i), Value: w})
	}
	return &shared{store: h.store, base: planner.Digest(list), fresh: h.fresh, conflict: h.conflict}
}

func (s *shared) Inputs() []spec.Digest {
	if s.fresh {
		return nil
	}
	list, err := s.store.ListBase(s.base)
	if err != nil {
		return nil
	}
	return list
}

func (s *shared) entry(input spec.Digest) (e storedShared, ok bool) {
	raw, err := s.store.GetAction(s.base, input)
	return e, !s.fresh && err == nil && json.Unmarshal(raw, &e) == nil
}

func (s *shared) Head(input spec.Digest) ([]byte, bool) {
	e, ok := s.entry(input)
	return e.Head, ok
}

func (s *shared) Get(ctx context.Context, input spec.Digest) ([]byte, bool) {
	e, ok := s.entry(input)
	if !ok {
		return nil, false
	}
	b, err := s.store.Get(ctx, e.Result)
	if err != nil {
		if ctx.Err() == nil {
			s.store.DropAction(s.base, input, errIncomplete.Error())
		}
		return nil, false
	}
	return b, true
}

func (s *shared) Put(ctx context.Context, input spec.Digest, head, result []byte) error {
	d, err := s.store.Put(ctx, result)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(storedShared{Head: head, Result: d})
	if err != nil {
		return err
	}
	if err := s.store.PutAction(s.base, input, raw); err != nil && !s.conflict(err) {
		return err
	}
	return nil
}

func (s *shared) Lock(ctx context.Context, input spec.Digest) (func(), error) {
	return s.store.Lock(ctx, "shared-"+planner.ActionDigest(s.base, input).String())
}
