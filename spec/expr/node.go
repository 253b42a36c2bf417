// Package expr is the one serialisable form of an expression that is left for later: gate conditions and messages,
// outputs that read metrics, row maps, row filters. It evaluates them and proves, by interval analysis, what a
// condition over bounded metrics can never or must always be. It knows nothing of HCL and does no I/O.
package expr

// Version is the version of the language: it is part of the key of whatever was written in it.
const Version = "expr/1"

// A Node is one node of an expression. Exactly the fields that its Op names are set, so that equal expressions have
// equal JSON. Nodes are not changed once built and may be shared. Validate checks the shape.
type Node struct {
	Op   string   `json:"op"`
	Name string   `json:"name,omitempty"` // the field, metric, variable, function or operator
	Path []string `json:"path,omitempty"` // further steps of a row, metric or loop variable reference
	// Value is a literal: nil, bool, float64, int64 (as a JSON number without fraction) or string.
	Value any     `json:"value,omitempty"`
	Args  []*Node `json:"args,omitempty"`
	Keys  []*Node `json:"keys,omitempty"` // of an object, beside Args
}

// The ops.
//
//	literal   Value
//	row       row.Name.Path...; without a name the row itself
//	metric    the metric Path of the block with address Name: evaluate.rm . validation.accuracy
//	loop      a variable that a for binds: Name, Path
//	unary     Name is ! or -, one argument
//	binary    Name is + - * / % == != < <= > >= && ||, two arguments
//	if        condition, then, else
//	call      function Name on Args
//	list      Args
//	object    Keys and Args
//	index     Args[0][Args[1]]
//	attr      Args[0].Path...
//	template  Args, each turned to text and joined
//	for       Path is {key variable or "", value variable}; Args are the collection, the value and, where there is
//	          one, the condition; with Keys[0] it makes an object, without a list; Name "..." groups
const (
	Literal  = "literal"
	Row      = "row"
	Metric   = "metric"
	Loop     = "loop"
	Unary    = "unary"
	Binary   = "binary"
	If       = "if"
	Call     = "call"
	ListOf   = "list"
	Object   = "object"
	Index    = "index"
	Attr     = "attr"
	Template = "template"
	For      = "for"
)
