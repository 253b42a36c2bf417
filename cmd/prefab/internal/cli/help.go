package cli

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
)

// helpWidth is how wide help is set: that of a terminal which nobody has made wider.
const helpWidth = 80

// setHelp sets the texts of a command and of those below it to the width.
func setHelp(c *cobra.Command) {
	c.Long = prose(c.Long)
	for _, sub := range c.Commands() {
		setHelp(sub)
	}
}

// prose sets paragraphs to the width. Indented lines stay as they are.
func prose(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, " ") {
			lines[i] = ansi.Wordwrap(line, helpWidth, " ")
		}
	}
	return strings.Join(lines, "\n")
}
