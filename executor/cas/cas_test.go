package cas_test

import (
	"testing"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/cas/castest"
)

// open returns an empty store on disk that collects its damage reports.
func open(t testing.TB) (s *cas.Store, damage *[]cas.Damage) {
	t.Helper()
	damage = new([]cas.Damage)
	s, err := cas.Open(t.TempDir(), cas.Options{Report: func(d cas.Damage) { *damage = append(*damage, d) }})
	if err != nil {
		t.Fatal(err)
	}
	return s, damage
}

func TestStore(t *testing.T) {
	castest.Run(t, func(t *testing.T) castest.Store {
		s, _ := open(t)
		return s
	})
}

func TestMem(t *testing.T) {
	castest.Run(t, func(*testing.T) castest.Store { return cas.NewMem() })
}
