package remote_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prefab-build/prefab/executor/cas/remote"
	"github.com/prefab-build/prefab/spec"
)

// TestPush sends what a machine made while its remote was away, once, and the entry last.
func TestPush(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler()) // nothing is found there, and nothing is taken
	t.Cleanup(gone.Close)
	nothing, err := remote.OpenHTTP(gone.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := machine(t, nothing, false)
	list := []remote.Parcel{{Base: base, Inputs: inputs, Blobs: fill(t, s)}}
	s.Flush()
	quiet := func(int64, int64) {}
	if sent, err := s.Push(t.Context(), list, quiet); err == nil {
		t.Errorf("a place that takes nothing got %+v", sent)
	}
	server, r := serve(t)
	there := remote.New(s.Store, r, false, func(text string) { t.Error(text) })
	for _, want := range []remote.Sent{
		{Entries: 1, Blobs: int64(len(list[0].Blobs))},
		{There: 1},
	} {
		sent, err := there.Push(t.Context(), list, quiet)
		if sent.Bytes = 0; err != nil || sent != want {
			t.Errorf("sent %+v, %v; want %+v", sent, err, want)
		}
	}
	if n := len(server.puts); n != len(list[0].Blobs)+1 {
		t.Errorf("%d files were sent", n)
	}
	list[0].Blobs = append(list[0].Blobs, spec.HashBytes([]byte("in neither")))
	_, elsewhere := serve(t)
	sent, err := remote.New(s.Store, elsewhere, false, func(text string) { t.Error(text) }).Push(t.Context(), list, quiet)
	if err != nil || sent.Lacking != 1 || sent.Entries != 0 {
		t.Errorf("an entry that lacks a blob: %+v, %v", sent, err)
	}
}
