package cli

import (
	"errors"
	"fmt"
	"sync"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/cas/remote"
	"github.com/prefab-build/prefab/executor/resolve"
)

// shared puts the remote store of the pipeline, if it has one, behind the local one. One that cannot even be opened is a
// warning like one that fails later, unless the spec is wrong about it.
func (s *session) shared() (executor.Store, error) {
	r := s.pipeline.Project.Remote
	if r == nil || s.onlyRead() {
		return s.local, nil
	}
	open := func() (remote.Remote, error) { return remote.OpenHTTP(r.URL, r.TokenEnv) }
	if r.Driver == "folder" {
		open = func() (remote.Remote, error) {
			if dir := resolve.Path(s.dir, r.Path); !r.ReadOnly && !cas.Exists(dir) {
				s.warn(fmt.Sprintf("the remote cache %s is not there, and is begun anew. Where it should be on a network disk, see that the disk is mounted.", dir))
			}
			var once sync.Once
			return remote.OpenFolder(resolve.Path(s.dir, r.Path), r.ReadOnly, func(d cas.Damage) {
				once.Do(func() {
					s.warn(fmt.Sprintf("the remote cache had a damaged %s, %s: %s. It is not used, nor is what else is damaged there.", d.Kind, d.Digest.Short(), d.Reason))
				})
			})
		}
	}
	far, err := open()
	closed := (*cas.FolderError)(nil)
	switch {
	case err == nil:
		return remote.New(s.local, far, r.ReadOnly, s.warn), nil
	case !errors.As(err, &closed):
		return nil, err
	}
	s.warn(fmt.Sprintf("the remote cache does not work: %v. This run goes on without it.", closed.Err))
	return s.local, nil
}

// flush waits for what is still on its way to the remote store.
func (s *session) flush() {
	if far, ok := s.store.(*remote.Store); ok {
		far.Flush()
	}
}
