package stage

import "github.com/prefab-build/prefab/spec"

// A Load is what is known of a stage's work before it begins, as far as the memory depends on it.
type Load struct {
	Config spec.Config
	Mapped Volume // the table or the files that a Mapper goes through
	Read   Volume // all other inputs: all of a Runner's
	AtOnce int    // how many chunks are mapped at once
}

// A Volume is how much an input is: its rows, and the bytes of the declared columns, or of its files.
type Volume struct{ Rows, Bytes int64 }

// What an estimate rests on was measured with pipelines of testdata/bench over 50,000 and 150,000 pairs of 1.15 kB, on two
// cores, one stage to a process. Of the peak of the resident memory 75 MB are the process's own. The rest is, in MB:
//
//	benchmark, 20,000 items   46   46      split          56   128
//	dataset                   56   63      filter         16    40
//	deduplicate               88  191      reward_model  336  1096
//	decontaminate            109  101      evaluate      297   558
//	validate                  87  173      export        215   183
//
// Export was measured since it deals large tables out on disk, and its estimate is high for them. They are peaks with
// garbage in them, so a little more than what is needed.
//
// ProcessMemory is what every process has, whatever it does.
const (
	ProcessMemory = 75e6 // of a process, whatever it does

	chunkMemory = 32e6 // of a chunk in work: dataset and benchmark, with two at a time
	rowMemory   = 200  // of a row, until Finish is done: its place in selections and ledgers, as filter's
	readFactor  = 10   // what is built of a byte that all chunks share: decontaminate's index is 9 times its items
	// A Runner holds its inputs and what it makes of them: export needs 3.7 times what it writes where it sorts in memory.
	runnerFactor = 5
)

// UnionMemory is the peak of putting tables together: the place of every row is held.
func (l Load) UnionMemory() int64 { return chunkMemory + rowMemory*l.Read.Rows }

// MapperMemory is the peak of a Mapper that keeps so many bytes of each row for Finish, beside what every Mapper does.
func (l Load) MapperMemory(perRow int64) int64 {
	return int64(l.AtOnce)*chunkMemory + readFactor*l.Read.Bytes + (rowMemory+perRow)*l.Mapped.Rows
}

// PassMemory is the peak of a Runner that goes through its input with ByID.
func (l Load) PassMemory() int64 {
	bytes := l.Read.Bytes
	if l.Read.Rows > heldRows {
		bytes = bytes / l.Read.Rows * heldRows
	}
	return runnerFactor * bytes
}

// RunnerMemory is the peak of a Runner that holds its inputs.
func (l Load) RunnerMemory() int64 { return runnerFactor * l.Read.Bytes }

// Estimate is how many bytes of memory a stage of the kind will need at its peak.
func (k *Kind) Estimate(l Load) int64 {
	switch {
	case k.Memory != nil:
		return k.Memory(l)
	case k.Mapper != nil:
		return l.MapperMemory(0)
	}
	return l.RunnerMemory()
}
