package executor

import (
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/planner"
)

// Of 150,000 pairs of testdata/bench, 173 MB as JSONL, the cache kept 96 MB when they were read (rows of random words, which
// pack badly: real text takes about half of that), then 13 for deduplicate, none for decontaminate, 9 for validate, 29 for
// reward_model, less than 1 for each of split, evaluate and filter, and 43 for an export of 110 MB. With 50,000 it was the
// same by ratio. So much of the bytes that a stage descends from is new in the cache:
const (
	readShare   = 0.55
	mapperShare = 0.05
	runnerShare = 0.10
	exportShare = 0.40 // and as much as all of it where it is placed
)

// sortedInMemory is about the size up to which a Runner sorts its rows in memory. More of them lie in the cache meanwhile, as
// large as their source: see stage.Table.ByID.
const sortedInMemory = 50e6

// A Need is how many bytes a run is going to add to disks, about.
type Need struct {
	Cache   int64
	Scratch int64            // in the cache's folder while the largest Runner is at work
	Placed  map[string]int64 // by the path that an export names
}

// Needs estimates what running a plan adds to the cache and to the folders of exports. Segments that were read
// before are not read again. Known may be nil.
func Needs(p *planner.Plan, kinds []*stage.Kind, s Store, known *Known) Need {
	need := Need{Placed: map[string]int64{}}
	byName := map[string]*stage.Kind{}
	for _, k := range kinds {
		byName[k.Name] = k
	}
	size := make([]origin, len(p.Nodes))
	for i, n := range p.Nodes {
		k := byName[n.Kind]
		size[i] = originOf(p, n, size, s)
		if n.State != planner.WillRun && n.State != planner.MayRun && n.State != planner.Restore {
			continue
		}
		if k != nil && k.Runner != nil && size[i].all > sortedInMemory {
			need.Scratch = max(need.Scratch, int64(size[i].all))
		}
		switch {
		case k == nil: // a union stores no rows
		case k.Places:
			need.Cache += int64(exportShare * size[i].all)
			need.Placed[resolve.Destination(n.Block)] += int64(size[i].all)
		case k.Sources != nil:
			need.Cache += int64(readShare * size[i].fresh)
		case k.Mapper != nil:
			need.Cache += int64(mapperShare * size[i].fresh)
		default:
			need.Cache += int64(runnerShare * size[i].all)
		}
	}
	need.putBack(p, known)
	return need
}

// putBack adds the files that are written although their stages do not run.
func (need *Need) putBack(p *planner.Plan, known *Known) {
	gone := map[string]bool{}
	for _, f := range p.Placements {
		gone[f.Path] = true
	}
	if known == nil || len(gone) == 0 {
		return
	}
	for _, n := range p.Nodes {
		path := resolve.Destination(n.Block)
		if r := known.Result(n); n.State == planner.Cached && gone[path] && r != nil {
			for _, o := range r.Outputs {
				for _, f := range o.Files {
					need.Placed[path] += f.Size
				}
			}
		}
	}
}

// An origin is how many bytes of source files a stage descends from, and how many of those are new to what maps them.
type origin struct{ all, fresh float64 }

func originOf(p *planner.Plan, n *planner.Node, size []origin, s Store) (o origin) {
	base := planner.Digest(perChunk(n.Base))
	for _, f := range p.Facts.Files[n.Addr.String()] {
		for _, seg := range f.Segments {
			o.all += float64(seg.Size)
			if n.State != planner.WillRun {
				continue
			}
			if _, err := s.GetAction(base, segmentInputs(f, seg)); err != nil {
				o.fresh += float64(seg.Size)
			}
		}
	}
	runs := false // something before it, so that only what is new there is new here
	for _, in := range n.Inputs {
		from := p.Nodes[in.Node]
		runs = runs || from.State == planner.WillRun || from.State == planner.MayRun
		if n.Kind == planner.UnionKind {
			o.all, o.fresh = o.all+size[in.Node].all, o.fresh+size[in.Node].fresh
		} else {
			o.all, o.fresh = max(o.all, size[in.Node].all), max(o.fresh, size[in.Node].fresh)
		}
	}
	if len(n.Inputs) > 0 && !runs {
		o.fresh = o.all
	}
	return o
}
