package split

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/simjoin"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/spec"
)

// leakTable is what stands beside the metric leaked.
type leakTable struct {
	Equal   int            `json:"equal"`   // rows whose prompt has the very shingles of a prompt below
	Similar int            `json:"similar"` // rows whose prompt is near to one below
	Parts   map[string]int `json:"parts"`
	Rows    []string       `json:"rows"` // a few of them, the least ids
}

// A leakCheck counts the rows of held-out parts whose prompts are near-duplicates of prompts in a less protected part. It
// goes through the rows again and shares nothing with the grouping but the method, so that an error there shows here. What
// an earlier check found clean it takes for clean: see proofs.
// Rows are counted and not pairs: where prompts come from one template, pairs are quadratic in them.
type leakCheck struct {
	*config
	task  *stage.Task
	in    *stage.Table
	parts []string
	ids   []string
	keys  [][]prompts.Key // by chunk
	part  []int
	few   int // of so many rows and more it is kept that nothing leaked
}

// measure makes the metric leaked.
func (l *leakCheck) measure(ctx context.Context) error {
	proofs, clean, err := l.known(ctx)
	if err != nil {
		return err
	}
	var table leakTable
	if !clean {
		if table, err = l.count(ctx); err != nil {
			return err
		}
		if clean = len(table.Rows) == 0; clean {
			err = proofs.keep(ctx)
		}
	}
	m := spec.Value("leaked", float64(table.Equal+table.Similar), int64(len(l.part)))
	m.Method = fmt.Sprintf("exact join of the prompts' %d-character shingles at Jaccard >= %g", l.Shingle, l.Threshold)
	if !clean {
		const few = 5
		slices.Sort(table.Rows)
		table.Rows = table.Rows[:min(few, len(table.Rows))]
		m.Table = table
	}
	l.task.Metric(m)
	return err
}

// count compares all parts with each other.
func (l *leakCheck) count(ctx context.Context) (table leakTable, err error) {
	table.Parts = map[string]int{}
	builder := simjoin.NewBuilder()
	builder.Watch(func(done, total int) { l.task.Progress(int64(done), int64(total), "prompts compared again") })
	err = l.each(ctx, nil, nil, func(_ int, set []uint64) { builder.Add(set) })
	if err != nil {
		return table, err
	}
	sets := builder.Collection()
	lowest := l.lowest(sets)
	for border := 1; border < len(l.parts); border++ {
		watched := sets.Watched(func(done, total int) {
			l.task.Progress(int64(done), int64(total), "prompts compared with "+l.parts[border])
		})
		touched, err := watched.Touched(ctx, ratioOf(l.config),
			func(row int) bool { return l.part[row] >= 0 && l.part[row] < border },
			func(row int) bool { return l.part[row] == border }, 0)
		if err != nil {
			return table, err
		}
		table.Parts[l.parts[border]] = len(touched)
		for _, row := range touched {
			if lowest[sets.First(row)] < border {
				table.Equal++
			} else {
				table.Similar++
			}
			table.Rows = append(table.Rows, hex.EncodeToString([]byte(l.ids[row])))
		}
	}
	return table, nil
}

// lowest finds the least protected part that each set is in, by the first row that has it.
func (l *leakCheck) lowest(sets *simjoin.Collection) map[int]int {
	lowest := map[int]int{}
	for row, p := range l.part {
		first := sets.First(row)
		if was, ok := lowest[first]; p >= 0 && (!ok || p < was) {
			lowest[first] = p
		}
	}
	return lowest
}

// some are the sets of some rows of a chunk.
type some struct {
	rows []int
	sets simjoin.Sets
}

// each calls do with the sets of rows, in their order: of those that are wanted, and of these those whose set is to stay.
// Nil is all. What stays is asked from several goroutines.
func (l *leakCheck) each(ctx context.Context, wanted func(row int) bool, stays func(set []uint64) bool, do func(row int, set []uint64)) error {
	from := make([]int, len(l.keys))
	for i := 1; i < len(from); i++ {
		from[i] = from[i-1] + len(l.keys[i-1])
	}
	chunk := 0
	for s, err := range stage.Ahead(ctx, len(l.keys), func(i int) (*some, error) { return l.shingled(i, from[i], wanted, stays) }) {
		if err != nil {
			return err
		}
		for i, row := range s.rows {
			do(row, s.sets.At(i))
		}
		l.task.Progress(int64(from[chunk]+len(l.keys[chunk])), l.in.Rows, "rows read again")
		chunk++
	}
	return nil
}

func (l *leakCheck) shingled(chunk, from int, wanted func(row int) bool, stays func(set []uint64) bool) (*some, error) {
	s := &some{}
	for r := range l.keys[chunk] {
		if wanted == nil || wanted(from+r) {
			s.rows = append(s.rows, from+r)
		}
	}
	if len(s.rows) == 0 {
		return s, nil
	}
	c, err := l.in.Chunk(chunk, "prompt")
	if err != nil {
		return nil, err
	}
	texts, kept := c.Messages("prompt"), s.rows[:0]
	var set []uint64
	for _, row := range s.rows {
		set = text.N1.AppendCharShingles(set, texts.Text(row-from), l.Shingle)
		if stays == nil || stays(set) {
			kept = append(kept, row)
			s.sets.Append(func(dst []uint64) []uint64 { return append(dst, set...) })
		}
	}
	s.rows = kept
	return s, nil
}

func ratioOf(cfg *config) simjoin.Ratio {
	r, err := simjoin.Decimal(cfg.Threshold)
	if err != nil {
		panic("split: the schema lets a similarity of " + fmt.Sprint(cfg.Threshold) + " through")
	}
	return r
}
