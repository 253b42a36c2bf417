package lang

import (
	"strings"
	"testing"
)

// TestDeep loads what would overflow the stack of the parser, or of those who walk over what it returns.
func TestDeep(t *testing.T) {
	const n = 50_000
	rep := func(s string) string { return strings.Repeat(s, n) }
	for name, src := range map[string]string{
		"sum":               "1" + rep(" + 1"),
		"or":                "true" + rep("||true"),
		"sum within":        "(1\n" + rep(" + 1\n") + ")",
		"steps":             "local.x" + rep(".a"),
		"indices":           "local.x" + rep("[0]"),
		"indices by name":   "local.x" + rep("[local.i]"),
		"splats":            "local.x" + rep("[*]"),
		"splats of parts":   "local.x" + rep(".*.a"),
		"conditions":        rep("true?1:") + "1",
		"not":               rep("!") + "true",
		"not on lines":      "(" + rep("!\n") + "true)",
		"minus":             rep("- ") + "1",
		"parentheses":       rep("(") + "1" + rep(")"),
		"hidden lists":      rep(`[")",`) + rep("]"),
		"calls":             rep("abs(") + "1" + rep(")"),
		"objects":           rep("{a=") + "1" + rep("}"),
		"templates":         rep(`"${`) + "1" + rep(`}"`),
		"conditions in one": `"` + rep("%{if true}") + rep("%{endif}") + `"`,
		"loops in one":      `"` + rep("%{for x in y}") + rep("%{endfor}") + `"`,
		"left-deep":         strings.Repeat("(", 900) + "1" + strings.Repeat(strings.Repeat("+1", 900)+")", 900),
		"loop over lines":   "{ for x in [1] : x => 1\n" + rep("+1\n") + "}",
		"unclosed":          rep("["),
		"a large exponent":  "1e999999999",
		"a large number":    strings.Repeat("7", 4_000_000),
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := loadText(t, "locals {\n  x = [0]\n  i = 0\n  y = "+src+"\n}\n", Options{})
			if len(diags) != 1 || diags[0].Code != "syntax" || diags[0].Subject.Start.Line < 4 {
				t.Errorf("got %.300s", diags.Error())
			}
		})
	}
	for name, src := range map[string]string{
		"lists":     `{"locals": {"x": ` + rep("[") + rep("]") + `}}`,
		"hidden":    `{"locals": {"x": ` + rep(`["]",`) + `1` + rep("]") + `}}`,
		"templates": `{"locals": {"x": "${1` + rep("+1") + `}"}}`,
		"a type":    `{"variable": {"x": {"default": 1, "type": "` + rep("list(") + `"}}}`,
	} {
		t.Run("JSON "+name, func(t *testing.T) {
			_, diags := loadFiles(t, map[string]string{"main.prefab.hcl.json": src}, Options{})
			if len(diags) == 0 || diags[0].Code != "syntax" || diags[0].Summary != "Nesting too deep" {
				t.Errorf("got %.300s", diags.Error())
			}
		})
	}
}

// TestWide loads what is long without being deep.
func TestWide(t *testing.T) {
	const n = 5000
	rep := func(s string) string { return strings.Repeat(s, n) }
	mustLoad(t, map[string]string{"main.prefab.hcl": "locals {\n  a = [\n" + rep("    1 + 2, # three\n    -1,\n") + "  ]\n" +
		"  b = {\n" + rep("    # a comment\n") + "  }\n  c = \"" + rep("${1}%{ if true }x%{ endif }") + "\"\n" +
		"  d = [" + rep("[1], local.e.a, ") + "]\n  e = { a = 1 }\n  f = max(" + rep("-1 + 1, ") + ")\n}\n" + rep("locals { }\n")}, Options{})
	// The first piece that is looked at ends within this comment, which then reads as operators in a row.
	mustLoad(t, map[string]string{"main.prefab.hcl": strings.Repeat("# fill\n", 9000) + "/* (" + rep("-") + " */ locals { }\n"}, Options{})
	mustLoad(t, map[string]string{"main.prefab.hcl": "/* (" + strings.Repeat("a - b\n", 20_000) + " */ locals { }\n"}, Options{})
}

// TestLargeSource refuses files of a size that no pipeline has, before they are parsed.
func TestLargeSource(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and many with the race detector")
	}
	long := "# " + strings.Repeat("x", maxSource)
	_, diags := loadText(t, long, Options{})
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, "larger than 4 MiB") {
		t.Errorf("got %.300s", diags.Error())
	}
	files := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		files[name+".prefab.hcl"] = long[:maxSource-1]
	}
	_, diags = loadFiles(t, files, Options{})
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, "e.prefab.hcl") || !strings.Contains(diags[0].Detail, "16 MiB") {
		t.Errorf("got %.300s", diags.Error())
	}
}
