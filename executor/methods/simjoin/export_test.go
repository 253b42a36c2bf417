package simjoin

import "context"

// GuessedClusters is Clusters with guesses and divided lists even where they do not pay.
func (c *Collection) GuessedClusters(ctx context.Context, tau Ratio, workers, rounds int) ([]int, error) {
	return c.clusters(ctx, tau, workers, effort{heavy: -1, rounds: rounds, span: 2})
}

// GuessedExtend is to Extend what GuessedClusters is to Clusters.
func (c *Collection) GuessedExtend(ctx context.Context, tau Ratio, known []int, fresh func(row int) bool, workers int) ([]int, error) {
	return c.extend(ctx, tau, known, fresh, workers, effort{heavy: -1, rounds: 1, span: 2})
}

// Shaped returns the same collection with other limits: see shape.
func (c *Collection) Shaped(block, few, most int) *Collection {
	s := *c
	s.shape = shape{block, few, most}
	return &s
}

// Work is the number of postings that looking up a class scans on average.
func (c *Collection) Work(tau Ratio) float64 {
	return float64(c.work(tau)) / float64(c.Classes())
}

// JoinUpTo is Join with another limit than MaxPairs.
func (c *Collection) JoinUpTo(ctx context.Context, tau Ratio, workers, limit int) (*Pairs, error) {
	return c.join(ctx, tau, workers, limit)
}

// TouchedTrying is Touched that tries some postings of every list.
func (c *Collection) TouchedTrying(ctx context.Context, tau Ratio, below, above func(row int) bool, workers int) ([]int, error) {
	return c.touched(ctx, tau, below, above, workers, 1)
}
