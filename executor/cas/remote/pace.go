package remote

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// A transfer may last as long as it likes, but has to get on: one that moves less than leastBytes in the time of a stall is
// given up, or a server that sends a byte a second would hold a run for ever.
const (
	stall      = time.Minute
	leastBytes = 64 << 10
)

var errStalled = errors.New("it has all but stopped sending")

// A pace watches the bytes of one request, there and back.
type pace struct {
	moved  atomic.Int64
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// paced returns the context of a request that ends when it stalls.
func paced(ctx context.Context, stall time.Duration) (context.Context, *pace) {
	p := &pace{}
	ctx, p.cancel = context.WithCancelCause(ctx)
	p.timer = time.AfterFunc(time.Hour, func() {
		if p.moved.Swap(0) < leastBytes {
			p.cancel(errStalled)
			return
		}
		p.timer.Reset(stall)
	})
	p.timer.Reset(stall) // which its function may use now
	return ctx, p
}

// end stops the watching. It is called once nothing of the request is read any more.
func (p *pace) end() {
	p.timer.Stop()
	p.cancel(nil)
}

// counted is a body whose bytes are counted.
type counted struct {
	io.Reader
	ctx  context.Context
	pace *pace
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.pace.moved.Add(int64(n))
	if err != nil && errors.Is(context.Cause(c.ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

// An answer is a counted body with whose end the request ends.
type answer struct {
	counted
	body io.Closer
}

func (a *answer) Close() error {
	defer a.pace.end()
	return a.body.Close()
}
