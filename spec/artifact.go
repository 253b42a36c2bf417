package spec

import "slices"

// An Artifact is the type of what flows along an edge.
type Artifact string

// The artifact types. Backend is a setting, not something that a stage makes; it is typed like one so that a
// reference to it is checked in the same way.
const (
	Pairs      Artifact = "pairs"      // preference pairs: prompt, chosen, rejected
	Prompts    Artifact = "prompts"    // prompts without responses
	Candidates Artifact = "candidates" // responses to prompts, not yet compared
	Samples    Artifact = "samples"    // responses that a policy sampled, with log-probabilities of their tokens
	Votes      Artifact = "votes"      // one judgement of one rater on two fixed responses
	Scores     Artifact = "scores"     // one number per pair and side, by id
	Items      Artifact = "items"      // the items of a benchmark
	Model      Artifact = "model"      // a trained reward model
	Report     Artifact = "report"     // rendered files: an export, a page
	Backend    Artifact = "backend"    // a compute device
)

// IsRows reports whether the artifact is a table of rows in chunks.
func (a Artifact) IsRows() bool {
	return slices.Contains([]Artifact{Pairs, Prompts, Candidates, Samples, Votes, Scores, Items}, a)
}

// A ColumnType is the type of the values of a column.
type ColumnType string

// The column types. Messages is a list of {role, content}; JSON is a string that holds one JSON value.
const (
	String   ColumnType = "string"
	Int64    ColumnType = "int64"
	Float64  ColumnType = "float64"
	Bool     ColumnType = "bool"
	Bytes32  ColumnType = "bytes32" // a digest, such as a row's id
	Messages ColumnType = "messages"
	JSON     ColumnType = "json"
)

// A Column describes one column of a table.
type Column struct {
	Name     string     `json:"name"`
	Type     ColumnType `json:"type"`
	Required bool       `json:"required,omitempty"` // null is a malformed row
	Doc      string     `json:"doc,omitempty"`
}

// ID is the name of the column that holds row ids; every table has it. Extra holds the fields of the source that no
// canonical column took, as one JSON object.
const (
	ID    = "id"
	Extra = "extra"
)

// Columns returns the canonical columns of a table of type a, in their canonical order, without the id.
// It panics when a is not a table.
func (a Artifact) Columns() []Column {
	cols, ok := columns[a]
	if !ok {
		panic("spec: " + string(a) + " is no table")
	}
	return cols
}

var columns = map[Artifact][]Column{
	Pairs: {
		{"prompt", Messages, true, "what was asked: a string, or a list of {role, content} messages"},
		{"chosen", Messages, true, "the preferred response"},
		{"rejected", Messages, true, "the other response"},
		{"chosen_score", Float64, false, "score of the chosen response, from outside (a rating, another reward model)"},
		{"rejected_score", Float64, false, "score of the rejected response, on the same scale"},
		{"margin", Float64, false, "graded strength of the preference, from outside"},
		{"votes_chosen", Int64, false, "votes for the chosen response"},
		{"votes_rejected", Int64, false, "votes for the rejected response"},
		{"votes_tie", Int64, false, "votes that saw no difference"},
		{"weight", Float64, false, "weight of the pair in training, 1 when null"},
		{"category", String, false, "what the prompt is about"},
		{"difficulty", Float64, false, "how hard the prompt is, on the user's scale"},
		{"source", String, false, "where the pair comes from, as the data says"},
		{"group", String, false, "rows that must stay together in a split: a conversation, a document"},
		{Extra, JSON, false, "the other fields of the source"},
	},
	Prompts: {
		{"prompt", Messages, true, "what is asked"},
		{"category", String, false, "what the prompt is about"},
		{"difficulty", Float64, false, "how hard the prompt is"},
		{"source", String, false, "where the prompt comes from"},
		{"group", String, false, "rows that must stay together in a split"},
		{Extra, JSON, false, "the other fields of the source"},
	},
	Samples: {
		{"prompt", Messages, true, "what was asked"},
		{"response", Messages, false, "what the policy sampled"},
		{"policy_logprobs", JSON, true, "a list: the natural logarithm of each token's probability under the policy; null where there is none"},
		{"reference_logprobs", JSON, true, "the same of the same tokens under the reference model"},
		{"policy_tokens", JSON, false, "a list: the tokens as the policy's tokenizer has them, by number or text"},
		{"reference_tokens", JSON, false, "the tokens as the reference model's tokenizer has them"},
		{"group", String, false, "samples that are not independent: a conversation, a document"},
		{"source", String, false, "where the sample comes from"},
		{Extra, JSON, false, "the other fields of the source"},
	},
	Votes: {
		{"item", String, true, "the id of the comparison that was voted on, fixed before anyone voted"},
		{"prompt", Messages, true, "what was asked"},
		{"response_a", Messages, true, "the response shown as A"},
		{"response_b", Messages, true, "the response shown as B"},
		{"label", String, true, "a, b or tie: the side as shown"},
		{"worker", String, false, "who voted"},
		{"category", String, false, "what the prompt is about"},
		{"source", String, false, "where the vote comes from"},
		{"group", String, false, "rows that must stay together in a split"},
		{Extra, JSON, false, "the other fields of the source"},
	},
	Items: {
		{"question", String, false, "the question of the item; at least one of question, passage and answer is there"},
		{"passage", String, false, "the text that the question is about"},
		{"answer", String, false, "the reference answer"},
		{"name", String, false, "the item's own name in its benchmark"},
		{Extra, JSON, false, "the other fields of the source"},
	},
	Scores: {
		{"chosen_score", Float64, false, "reward of the chosen response"},
		{"rejected_score", Float64, false, "reward of the rejected response"},
		{"margin", Float64, true, "calibrated chosen minus rejected reward, signed, in logits"},
		{"fold", Int64, false, "the fold whose model scored the row without having seen its group"},
	},
}
