package export

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset/write"
	"github.com/prefab-build/prefab/spec"
)

// written lists the columns of the file.
func (c *config) written() []spec.Column {
	known := append([]spec.Column{{Name: spec.ID, Type: spec.Bytes32, Required: true, Doc: "the id of the row: 64 hexadecimal digits"}}, spec.Pairs.Columns()...)
	pick := func(names ...string) (list []spec.Column) {
		for _, name := range names {
			for _, col := range known {
				if col.Name == name {
					list = append(list, col)
				}
			}
		}
		return list
	}
	switch o := c.options(); {
	case o.Layout == write.Rows && len(c.Columns) == 0:
		return spec.Pairs.Columns()
	case o.Layout == write.Rows:
		return pick(c.Columns...)
	case o.Layout == write.HHRLHF || o.Form == write.Implicit:
		return pick(append([]string{"chosen", "rejected"}, c.Columns...)...)
	}
	return pick(append([]string{"prompt", "chosen", "rejected"}, c.Columns...)...)
}

// dtype is how a card names the type of a column.
func (c *config) dtype(col spec.Column) string {
	switch col.Type {
	case spec.Messages:
		switch {
		case c.Format == formatHH || c.Style == write.Text && c.Format == formatTRL:
			return "dtype: string"
		case c.Style == write.Conversational && c.Format == formatTRL:
			return "list: [{name: role, dtype: string}, {name: content, dtype: string}]"
		}
		return "" // strings or messages, as they came
	case spec.Int64, spec.Float64, spec.Bool:
		return "dtype: " + string(col.Type)
	}
	return "dtype: string"
}

// card is the dataset card, in the form that dataset hubs read: metadata in YAML, and text for people. It holds nothing
// that the same rows in the same format could have otherwise.
func (c *config) card(rows, bytes int64) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "---\nconfigs:\n- config_name: default\n  data_files: [{split: %s, path: %s}]\n", c.Split, spec.FileName)
	var features []string
	for _, col := range c.written() {
		d := c.dtype(col)
		if d == "" {
			features = nil // a reader infers them better than half a list says
			break
		}
		features = append(features, fmt.Sprintf("{name: %s, %s}", col.Name, d))
	}
	if features != nil {
		fmt.Fprintf(&b, "dataset_info:\n  features: [%s]\n  splits: [{name: %s, num_examples: %d}]\n", strings.Join(features, ", "), c.Split, rows)
	}
	b.WriteString("tags: [dpo, preference]\n---\n\n# Preference pairs\n\n")
	fmt.Fprintf(&b, "%d pairs, %d bytes, made by prefab. Where they come from, and which gates they passed, stands in the provenance file beside them.\n\n", rows, bytes)
	b.WriteString("| column | |\n|---|---|\n")
	for _, col := range c.written() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", col.Name, col.Doc)
	}
	order := "ordered by their ids, which says nothing of how they were collected"
	if c.Order == orderSource {
		order = "in the order of their sources"
	}
	fmt.Fprintf(&b, "\nThe rows are %s.\n", order)
	return []byte(b.String())
}
