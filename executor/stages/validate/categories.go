package validate

import (
	"cmp"
	"math"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/spec"
)

// listedCategories is how many categories the table shows.
const listedCategories = 50

func (f *finish) categories() {
	if len(f.sum.Categories) == 0 {
		f.task.Metric(spec.Unavailable("categories", "no row has a category"))
		f.task.Metric(spec.Unavailable("category_entropy", "no row has a category"))
		return
	}
	type line struct {
		Category string `json:"category"`
		Rows     int64  `json:"rows"`
	}
	var list []line
	var n int64
	for name, rows := range f.sum.Categories {
		list = append(list, line{name, rows})
		n += rows
	}
	slices.SortFunc(list, func(a, b line) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Category, b.Category)) })
	var entropy exact.Sum
	for _, l := range list {
		p := float64(l.Rows) / float64(n)
		entropy.Add(-p * math.Log(p))
	}
	f.put(spec.Value("categories", float64(len(list)), n), list[:min(len(list), listedCategories)])
	f.task.Metric(spec.Value("category_entropy", max(entropy.Float64(), 0), n))
}
