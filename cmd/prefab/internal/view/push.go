package view

import (
	"fmt"
	"sync"
	"time"

	"github.com/prefab-build/prefab/executor/cas/remote"
)

// Sending returns what tells how far a push is, with an estimate of what is left.
func (v *View) Sending() func(done, of int64) {
	var mu sync.Mutex
	began := time.Now()
	told := began
	return func(done, of int64) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if v.opts.JSON || now.Sub(told) < silence*3/4 || done == of {
			return
		}
		told = now
		rate := float64(done) / now.Sub(began).Seconds()
		left := time.Duration(float64(of-done) / rate * float64(time.Second))
		fmt.Fprintln(v.live, clip(fmt.Sprintf("  sending: %s of %s objects, %s/s, %s left",
			thousands(done), thousands(of), thousands(int64(rate+.5)), round(left)), v.width))
	}
}

// Pushed says what a push came to.
func (v *View) Pushed(s remote.Sent) {
	if v.opts.JSON {
		v.printJSON(s)
		return
	}
	if s.Entries+s.Blobs == 0 {
		fmt.Fprintf(v.out, "Nothing to send: the remote cache has %s.\n", count(int(s.There), "result"))
	} else {
		fmt.Fprintf(v.out, "Sent %s: %s, %s. The remote cache had %s.\n",
			bytesText(s.Bytes), count(int(s.Entries), "result"), count(int(s.Blobs), "blob"), count(int(s.There), "result"))
	}
	if s.Lacking > 0 {
		v.Warning(fmt.Sprintf("Of %s something is in neither cache: prefab apply makes it again.", count(int(s.Lacking), "result")))
	}
}
