package spec

import (
	"math"
	"strconv"
)

// Ports are what a stage reads and makes, as far as its config tells.
type Ports struct {
	In      []InPort
	Out     []OutPort
	Metrics []MetricDef
}

// An InPort is one input of a stage. Its name is that of the reference attribute.
type InPort struct {
	Name        string
	Artifact    Artifact
	Shape       Shape
	Optional    bool
	Columns     []string // the columns read, besides nothing: a stage that uses ids lists "id"
	Mapped      bool     // the port whose chunks MapChunk gets; at most one
	Prepared    bool     // read by Prepare, so part of every chunk's key
	SourceOrder bool     // a Runner gets the rows in source order instead of id order
	Untainted   bool     // the taint of these rows does not pass on: only their ids are read
	Training    bool     // rows that descend from a validation or test part may not come here
	Apart       string   // another port of this stage, which may share no row with this one
	Unseen      string   // a port that takes a model: rows that it was trained on may come here under the name train only
	Doc         string
}

// An OutPort is one output of a stage.
type OutPort struct {
	Name     string
	Artifact Artifact
	From     string   // the mapped port whose rows this one keeps; empty when the rows are made here
	RowsOf   string   // the member of an input whose ids rows that are made here have; empty when they have new ones
	Adds     []Column // columns that the stage adds or replaces
	Taint    string   // "validation" or "test": what the rows are held out for; empty passes on the taint of the inputs
	Clean    bool     // the taint of the inputs does not pass on (a model; the training part of a split)
	Doc      string
}

// A MetricDef is a number that a stage measures. Its name may have a scope before it: `validation.accuracy`.
type MetricDef struct {
	Name     string
	Unit     string // "share", "rows", "nats", ...
	Min, Max *float64
	Integer  bool
	Interval bool // the metric has a 95% interval: name_low and name_high are metrics too
	Advice   string
	// Advise gives the advice where it depends on what else the stage measured; nil, or an empty answer, means Advice.
	Advise func(measured func(name string) (float64, bool)) string `json:"-"`
	// Limits holds, by profile, what a `threshold "name" {}` that gives no limit of its own demands.
	Limits map[string]Limit
	Doc    string
}

// A Limit is what a profile demands of a metric.
type Limit struct {
	Min, Max *float64
	// Open makes the bounds themselves fail: greater than Min, less than Max.
	Open bool
	// End says which end of the interval is compared: "point", "low" or "high".
	End string
	// Or names a metric of the same stage that may be within the limit instead, at the same end of its interval. One
	// that is unavailable is no help and no hindrance.
	Or string
	// Warn makes the limit a warning instead of a failure.
	Warn bool
}

// KindSpec is all that package lang and the planner need to know of a stage kind.
type KindSpec struct {
	Name    string
	Title   string // one line
	Doc     string // the package comment: what it does, how, and what it refuses
	Version int
	Methods []string // versions of the shared methods that it depends on, sorted
	// Determinism is "bitwise", "bitwise per numerics class", "tolerance" or "sampled".
	Determinism string
	// Promise says what one stage promises of these, where that is for its full config to say; nil means Determinism.
	Promise func(Config) string
	Random  bool // draws random numbers, so that the seed is in the key
	Limits  bool // honours --limit, so that the limit is in the key (a dataset)
	Schema  Schema
	// Ports is total: it answers for a config that is broken or incomplete too, with what can be said of it. For an empty
	// one it has every output and metric that a config can bring about, or those of likely names where users choose them.
	Ports func(Config) Ports
	// Check reports what is wrong with a config beyond what the schema says; it may be nil.
	Check func(Config) []Problem
	// Sources says where a kind that reads from outside reads; nil for the others. It gets the full config (Block.Full).
	Sources func(Config) []Source
	// Cores says of how many slots of the run a stage of the kind takes all while it works, by its full config; nil is one.
	Cores func(Config) int
	// Places makes the kind put files outside the store (an export): the executor places them after the run.
	Places bool
	// Beside is what the names of the files add that such a kind puts beside the one that path names.
	Beside []string
}

// Promised returns the determinism of one stage, by its full config.
func (k *KindSpec) Promised(c Config) string {
	if k.Promise == nil {
		return k.Determinism
	}
	return k.Promise(c)
}

// FileName stands, in a file beside the one that path names, for the name of that one in double quotes: what is cached
// holds no path, so the name is put in when the file is placed.
const FileName = "{{file}}"

// A Problem is what a kind has to say of a config: it sees neither source nor plan, so it names the attribute and
// package lang attaches the place. Path is the way to the attribute: {"source", "0", "path"}; with @ behind it, as in
// {"source", "0", "map", "promt@"}, the key of a member is meant and not its value.
type Problem struct {
	Path    []string
	Summary string
	Detail  string
}

// Holds reports whether x is within the limit. What is not a number never is.
func (l Limit) Holds(x float64) bool {
	if l.Open {
		return (l.Min == nil || x > *l.Min) && (l.Max == nil || x < *l.Max) && x == x
	}
	return (l.Min == nil || x >= *l.Min) && (l.Max == nil || x <= *l.Max) && x == x
}

// Text returns the limit on the metric of that name as a condition.
func (l Limit) Text(metric string) string {
	if l.Or != "" {
		one := l
		one.Or = ""
		return one.Text(metric) + " or " + one.Text(l.Or)
	}
	if l.End == "low" || l.End == "high" {
		metric += "_" + l.End
	}
	above, below := " >= ", " <= "
	if l.Open {
		above, below = " > ", " < "
	}
	switch number := FormatNumber; {
	case l.Min != nil && l.Max != nil:
		return number(*l.Min) + below + metric + below + number(*l.Max)
	case l.Min != nil:
		return metric + above + number(*l.Min)
	case l.Max != nil:
		return metric + below + number(*l.Max)
	}
	return metric
}

// FormatNumber writes x in its shortest form, and a whole number in full.
func FormatNumber(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return strconv.FormatInt(int64(x), 10)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
