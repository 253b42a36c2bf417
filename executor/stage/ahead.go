package stage

import (
	"context"
	"iter"
	"runtime"
)

// Ahead calls work for each number below n, several at a time on all cores, and yields what came of each in order. It is
// for a Finish whose hard work on a chunk needs no other chunk, while the order of chunks matters to what it does with
// the results. About as many results wait as there are cores. The first error ends it; a panic of work comes out here.
func Ahead[T any](ctx context.Context, n int, work func(i int) (T, error)) iter.Seq2[T, error] {
	return ahead(ctx, n, runtime.GOMAXPROCS(0), work)
}

// ahead is Ahead with the number of results that wait or are being made beside the next one.
func ahead[T any](ctx context.Context, n, waiting int, work func(i int) (T, error)) iter.Seq2[T, error] {
	type result struct {
		value T
		err   error
		bug   any
	}
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		queue := make(chan chan result, waiting)
		go func() {
			defer close(queue)
			for i := range n {
				one := make(chan result, 1)
				select {
				case queue <- one:
				case <-ctx.Done():
					return
				}
				go func() {
					var r result
					defer func() {
						r.bug = recover()
						one <- r
					}()
					r.value, r.err = work(i)
				}()
			}
		}()
		for one := range queue {
			r := <-one
			if r.bug != nil {
				panic(r.bug)
			}
			if !yield(r.value, r.err) || r.err != nil {
				return
			}
		}
		if err := context.Cause(ctx); err != nil {
			var none T
			yield(none, err)
		}
	}
}
