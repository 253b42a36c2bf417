package lang

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format returns a source file in the one layout: two spaces of indentation, equals signs of neighbouring lines aligned,
// a line feed at the end and no white space before one. Comments stay where they are. A file that does not parse comes
// back as it is; Syntax says why. Formatting twice is formatting once.
func Format(src []byte) []byte {
	if _, bad := unparseable("", src, formConfig); bad {
		return src
	}
	if _, ds := hclsyntax.ParseConfig(src, "", hcl.InitialPos); ds.HasErrors() {
		return src
	}
	out := layout(src)
	// One pass of hclwrite can make a line that the next aligns anew; it settles at once or after one more.
	const passes = 4
	for range passes {
		next := layout(out)
		if bytes.Equal(next, out) {
			return out
		}
		out = next
	}
	return out
}

func layout(src []byte) []byte {
	out := bytes.TrimSpace(hclwrite.Format(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))))
	if len(out) == 0 {
		return nil
	}
	return append(out, '\n')
}
