package intake

import (
	"fmt"
	"strings"

	"github.com/prefab-build/prefab/executor/stage"
)

// shownClashes is how many pairs of rows with the same key a message names.
const shownClashes = 10

// clashing is the error of different rows with the same key.
func (g *gathering) clashing() error {
	e := &stage.RecordError{}
	for _, at := range g.clash {
		e.Records = append(e.Records, stage.Record{Segment: at[0], Record: int(g.parts[at[0]].records[at[1]])})
	}
	e.Say = func(name func(stage.Record) string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "%s a key that another row has:\n", quantity(g.clashes, "row has", "rows have"))
		numbered := false
		for k, r := range e.Records {
			text := name(r)
			if text == "" {
				text, numbered = g.place(g.clash[k][0], g.clash[k][1]), true
			}
			b.WriteString(text + []string{" and ", "\n"}[k%2])
		}
		if more := g.clashes - len(e.Records)/2; more > 0 {
			fmt.Fprintf(&b, "and %d more\n", more)
		}
		b.WriteString("A key names one row: correct the data, or make the key of more fields.")
		if numbered {
			b.WriteString(" (Records are counted over all files of a source in the order of their names, without blank lines)")
		}
		return b.String()
	}
	return e
}

// quantity is a number of things.
func quantity(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
