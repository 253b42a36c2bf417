package spec

// A Schema says which attributes and nested blocks a block may have. It is what package lang decodes by, what
// `prefab stages` prints and what a key's config is made of.
type Schema struct {
	Attrs  []Attr
	Blocks []BlockType
}

// An AttrType is the type of an attribute's value.
type AttrType string

// The attribute types. RowExpr and RowMap are expressions over `row`, kept for later in their serialised form
// (spec/expr): one expression, or an object of them. Reference is an edge to another block's output.
const (
	TypeString     AttrType = "string"
	TypeInt        AttrType = "int"
	TypeNumber     AttrType = "number"
	TypeBool       AttrType = "bool"
	TypeStringList AttrType = "list(string)"
	TypeIntList    AttrType = "list(int)"
	TypeNumberList AttrType = "list(number)"
	TypeStringMap  AttrType = "map(string)"
	TypeNumberMap  AttrType = "map(number)"
	TypeObjectList AttrType = "list(map(string))" // such as an allow-list: [{ id = "..", reason = ".." }]
	TypeRowExpr    AttrType = "row expression"
	TypeRowMap     AttrType = "map(row expression)"
	TypeReference  AttrType = "reference"
	// TypeExpression is what a block of the language itself reads in its own way: a condition, a type.
	TypeExpression AttrType = "expression"
)

// A Shape says how many references an attribute takes. With One, a list of row references is a union.
type Shape string

// The shapes of a reference attribute. In a block's config a reference attribute stands as true (One), as the number
// of its members (List), or as the sorted list of its names (Map): enough for Ports, and free of addresses.
const (
	One  Shape = "one"
	List Shape = "list"
	Map  Shape = "map"
)

// An Attr is one attribute of a block.
type Attr struct {
	Name     string
	Type     AttrType
	Artifact Artifact // of a Reference
	Shape    Shape    // of a Reference
	Required bool
	Default  any      // a JSON value: string, float64, bool, []any, map[string]any; nil is none
	Values   []string // the allowed strings; nil allows all
	Keys     []string // the allowed keys of a map; nil allows all
	Min, Max *float64 // inclusive bounds of a number or of each number of a list or map
	Unit     string
	Unkeyed  bool // the value cannot change an output, so it is in no key
	Path     bool // a file path or glob, relative to the pipeline's folder
	// EndingOf names an attribute of the same block that holds a path. Where this attribute is not given it is the longest
	// of its Values that the path ends in behind a dot: a path is in no key, but what its ending makes of the file is.
	EndingOf string
	Doc      string
}

// A BlockType is a nested block: `source "jsonl" {}`. With Drivers the label picks the schema; without, the label is
// a free name and Schema holds for all.
type BlockType struct {
	Name     string
	Label    string // what the label is, for messages: "format"; empty when the block takes no label
	Drivers  []Driver
	Schema   *Schema
	Min, Max int // how many of them; Max 0 is no limit
	Doc      string
}

// In a block's config a nested block stands under its name as a list, in source order, of objects that hold the
// attributes and, under "label", the label.

// A Driver is one choice of a nested block.
type Driver struct {
	Label  string
	Doc    string
	Schema Schema
}

// F returns a pointer to x, for the bounds of an Attr or a MetricDef.
func F(x float64) *float64 { return &x }
