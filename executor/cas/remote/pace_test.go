package remote

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prefab-build/prefab/spec"
)

// A server that sends a byte now and then is given up; one that gets on may take its time.
func TestAStalledTransferEnds(t *testing.T) {
	const short = 200 * time.Millisecond
	for _, c := range []struct {
		name  string
		chunk int
		want  error
	}{{"dripping", 1, errStalled}, {"slow", leastBytes, nil}} {
		t.Run(c.name, func(t *testing.T) {
			const chunks = 12
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for range chunks {
					if _, err := w.Write(make([]byte, c.chunk)); err != nil {
						return
					}
					w.(http.Flusher).Flush()
					select {
					case <-time.After(short / 4):
					case <-r.Context().Done():
						return
					}
				}
			}))
			defer h.Close()
			r, err := OpenHTTP(h.URL, "")
			if err != nil {
				t.Fatal(err)
			}
			r.(*httpStore).stall = short
			body, err := r.Blob(t.Context(), spec.HashBytes(nil))
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			if n, err := io.Copy(io.Discard, body); !errors.Is(err, c.want) || err == nil && n != chunks*int64(c.chunk) {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}
