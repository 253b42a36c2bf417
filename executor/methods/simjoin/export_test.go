package simjoin

import "context"

// GuessedClusters is Clusters with guesses and divided lists even where they do not pay.
func (c *Collection) GuessedClusters(ctx context.Context, tau Ratio, workers, rounds int) ([]int, error) {
	return c.clusters(ctx, tau, workers, effort{heavy: -1, rounds: rounds, span: 2})
}

// Work is the number of postings that looking up a class scans on average.
func (c *Collection) Work(tau Ratio) float64 {
	return float64(c.build(tau, nil).work()) / float64(c.Classes())
}
