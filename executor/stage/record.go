package stage

// A Record is one of a stage's files: the number of its segment among those of all files, and its own number there, both
// from 0.
type Record struct{ Segment, Record int }

// A RecordError is what is wrong with some records. A kind does not know at which lines of which files they stand; who has
// the files at hand says it again with their places.
type RecordError struct {
	Records []Record // those that the message names
	// Say makes the message; name names a record, or returns "" where it cannot. Then Say has a name of its own.
	Say func(name func(Record) string) string
}

// Error names records by their numbers.
func (e *RecordError) Error() string { return e.Say(func(Record) string { return "" }) }
