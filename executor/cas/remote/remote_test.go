package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/cas/castest"
	"github.com/prefab-build/prefab/executor/cas/remote"
	"github.com/prefab-build/prefab/spec"
)

// A server is a remote cache in memory that speaks the protocol and checks nothing: what a careless one would do. The
// scripts of the whole tool use one by WebDAV.
type server struct {
	mu    sync.Mutex
	files map[string][]byte
	puts  []string
	deny  int // a status to answer with
	token string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.deny != 0:
		http.Error(w, "not today", s.deny)
	case s.token != "" && r.Header.Get("Authorization") != "Bearer "+s.token:
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case r.Method == http.MethodPut:
		b, _ := io.ReadAll(r.Body)
		s.files[r.URL.Path] = b
		s.puts = append(s.puts, r.URL.Path)
	case s.files[r.URL.Path] == nil:
		http.NotFound(w, r)
	default:
		_, _ = w.Write(s.files[r.URL.Path])
	}
}

func serve(t *testing.T) (*server, remote.Remote) {
	t.Helper()
	s := &server{files: map[string][]byte{}}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	r, err := remote.OpenHTTP(h.URL+"/team", "")
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func folder(t *testing.T) remote.Remote {
	t.Helper()
	r, err := remote.OpenFolder(t.TempDir(), false, func(cas.Damage) {})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// machine is a local store of its own with the remote behind it.
func machine(t *testing.T, r remote.Remote, readOnly bool) (*remote.Store, *[]string) {
	t.Helper()
	local, err := cas.Open(t.TempDir(), cas.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	warnings := new([]string)
	s := remote.New(local, r, readOnly, func(text string) {
		mu.Lock()
		defer mu.Unlock()
		*warnings = append(*warnings, text)
	})
	t.Cleanup(s.Flush)
	return s, warnings
}

func TestConformance(t *testing.T) {
	t.Run("folder", func(t *testing.T) {
		castest.Run(t, func(t *testing.T) castest.Store { s, _ := machine(t, folder(t), false); return s })
	})
	t.Run("http", func(t *testing.T) {
		castest.Run(t, func(t *testing.T) castest.Store {
			_, r := serve(t)
			s, _ := machine(t, r, false)
			return s
		})
	})
}

var base, inputs = spec.HashBytes([]byte("base")), spec.HashBytes([]byte("inputs"))

// fill stores a result of some blobs, one of them long, and waits until it is there.
func fill(t *testing.T, s *remote.Store) (list []spec.Digest) {
	t.Helper()
	for i := range 20 {
		d, err := s.Put(t.Context(), fmt.Appendf(nil, "blob %d", i))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
	long, _, err := s.PutReader(t.Context(), bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), 1<<17)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutAction(base, inputs, []byte("entry")); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	return append(list, long)
}

func TestWhatOneMachineMakesAnotherHas(t *testing.T) {
	for name, open := range map[string]func(*testing.T) remote.Remote{
		"folder": folder,
		"http":   func(t *testing.T) remote.Remote { _, r := serve(t); return r },
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			first, _ := machine(t, r, false)
			list := fill(t, first)
			second, warnings := machine(t, r, true)
			entry, err := second.GetAction(base, inputs)
			if err != nil || string(entry) != "entry" || !second.FromRemote(base, inputs) {
				t.Fatalf("the entry is %q, %v", entry, err)
			}
			for _, d := range list {
				if !second.Has(d) {
					t.Errorf("%s is not there", d.Short())
				}
				b, err := second.Get(t.Context(), d)
				if err != nil || spec.HashBytes(b) != d {
					t.Errorf("%s: %v", d.Short(), err)
				}
				if !second.Store.Has(d) {
					t.Errorf("%s was fetched and is not kept", d.Short())
				}
			}
			if err := second.PutAction(base, inputs, entry); err != nil || second.FromRemote(base, inputs) {
				t.Errorf("taking the entry over: %v", err)
			}
			if len(*warnings) != 0 {
				t.Errorf("warned of %q", *warnings)
			}
		})
	}
}

func TestAnEntryIsSentAfterItsBlobs(t *testing.T) {
	server, r := serve(t)
	s, _ := machine(t, r, false)
	fill(t, s)
	if n := len(server.puts); n != 22 || !strings.HasPrefix(server.puts[n-1], "/team/ac/") {
		t.Errorf("%d files were sent, the last is %s", n, server.puts[n-1])
	}
	fill(t, s)
	if len(server.puts) > 23 {
		t.Errorf("what is there was sent again: %q", server.puts[22:])
	}
}

func TestAReadOnlyRemoteGetsNothing(t *testing.T) {
	server, r := serve(t)
	s, _ := machine(t, r, true)
	fill(t, s)
	if len(server.puts) != 0 {
		t.Errorf("it got %q", server.puts)
	}
}

// TestNothingFromAfarIsTrusted flips a bit of everything that the server has.
func TestNothingFromAfarIsTrusted(t *testing.T) {
	server, r := serve(t)
	first, _ := machine(t, r, false)
	list := fill(t, first)
	for _, b := range server.files {
		b[len(b)/2] ^= 4
	}
	second, warnings := machine(t, r, false)
	if entry, err := second.GetAction(base, inputs); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("a damaged entry is served: %q, %v", entry, err)
	}
	for _, d := range list {
		if b, err := second.Get(t.Context(), d); !errors.Is(err, cas.ErrNotFound) {
			t.Errorf("a damaged blob is served: %d bytes, %v", len(b), err)
		}
	}
	if len(*warnings) != 1 {
		t.Errorf("%d warnings of %d damaged files: one says it", len(*warnings), len(list)+1)
	}
}

func TestARemoteThatFailsIsOneWarning(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, open := range map[string]func() (remote.Remote, error){
		"refuses":     func() (remote.Remote, error) { s, r := serve(t); s.deny = 503; return r, nil },
		"unreachable": func() (remote.Remote, error) { return remote.OpenHTTP(gone.URL, "") },
	} {
		r, err := open()
		if err != nil {
			t.Fatal(err)
		}
		s, warnings := machine(t, r, false)
		for _, d := range fill(t, s) {
			if b, err := s.Get(t.Context(), d); err != nil || spec.HashBytes(b) != d {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.GetAction(base, spec.Digest{}); !errors.Is(err, cas.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if len(*warnings) != 1 || !strings.Contains((*warnings)[0], "does not work") {
			t.Errorf("%s: warned of %q", name, *warnings)
		}
	}
}

func TestAToken(t *testing.T) {
	server := &server{files: map[string][]byte{}, token: "secret"}
	h := httptest.NewServer(server)
	defer h.Close()
	t.Setenv("CACHE_TOKEN", "secret")
	r, err := remote.OpenHTTP(h.URL, "CACHE_TOKEN")
	if err != nil {
		t.Fatal(err)
	}
	s, warnings := machine(t, r, false)
	fill(t, s)
	if len(server.puts) != 22 || len(*warnings) != 0 {
		t.Errorf("%d files, %q", len(server.puts), *warnings)
	}
	for _, c := range [][2]string{{"ftp://x", ""}, {"localhost:80", ""}, {"http://", ""}, {h.URL, "NO_SUCH_TOKEN"}} {
		if _, err := remote.OpenHTTP(c[0], c[1]); err == nil {
			t.Errorf("%q is taken", c)
		}
	}
}

// TestACancelledFetchLeavesNothing: a context that ends is no failure of the remote.
func TestACancelledFetchLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	r, err := remote.OpenFolder(dir, false, func(cas.Damage) {})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := machine(t, r, false)
	list := fill(t, first)
	second, warnings := machine(t, r, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := second.Get(ctx, list[0]); err == nil {
		t.Error("a cancelled fetch gives a blob")
	}
	if _, err := second.Get(t.Context(), list[0]); err != nil || len(*warnings) != 0 {
		t.Errorf("after it: %v, %q", err, *warnings)
	}
	if left, _ := filepath.Glob(filepath.Join(second.Dir(), "v1", "tmp", "*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}
