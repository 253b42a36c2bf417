package lang

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestTooLarge refuses values that take a few lines to write and more memory than there is to hold.
func TestTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and many with the race detector")
	}
	doubling := func(form string) string {
		var b strings.Builder
		for i := 1; i < 40; i++ {
			fmt.Fprintf(&b, "  l%d = %s\n", i, strings.ReplaceAll(form, "L", fmt.Sprintf("local.l%d", i-1)))
		}
		return b.String()
	}
	dataset := "dataset \"d\" {\n  source \"synthetic\" {}\n}\n"
	long := `join("", [for i in range(1000) : "0123456789"])`
	for name, src := range map[string]string{
		"lists":              "locals {\n  l0 = [1, 1]\n" + doubling("[L, L]") + "}\noutput \"o\" {\n  value = local.l39\n}\n",
		"objects":            "locals {\n  l0 = { a = 1 }\n" + doubling("{ a = L, b = L }") + "}\n",
		"texts":              "locals {\n  l0 = \"xx\"\n" + doubling(`"${L}${L}"`) + "}\n",
		"numbers":            "locals {\n  l0 = 1e300\n" + doubling("L * L") + "}\n",
		"lists of outputs":   dataset + "locals {\n  l0 = [dataset.d.pairs]\n" + doubling("[L, L]") + "}\n",
		"sums of metrics":    dataset + "locals {\n  l0 = dataset.d.rows + 1\n" + doubling("L + L") + "}\noutput \"o\" {\n  value = local.l39\n}\n",
		"loops":              "output \"o\" {\n  value = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]\n}\n",
		"loops of a filter":  "output \"o\" {\n  value = length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]])\n}\n",
		"loops of metrics":   dataset + "output \"o\" {\n  value = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : dataset.d.rows]]]\n}\n",
		"loops of templates": "output \"o\" {\n  value = templatefile(\"t\", {})\n}\n",
		"references":         "locals {\n  s = " + long + "\n  t = join(local.s, range(1000))\n}\noutput \"o\" {\n  value = \"" + strings.Repeat("${local.t}", 100) + "\"\n}\n",
		"setproduct":         "output \"o\" {\n  value = length(setproduct(range(1000), range(1000), range(1000)))\n}\n",
		"format":             "output \"o\" {\n  value = format(\"%999999999d\", 1)\n}\n",
		"format of overflow": "output \"o\" {\n  value = format(\"%-09999999999999999999d\", 1)\n}\n",
		"format many":        "locals {\n  s = " + long + "\n}\noutput \"o\" {\n  value = format(join(\"\", [for i in range(1000) : \"%[1]s%[1]s\"]), local.s)\n}\n",
		"formatlist":         "locals {\n  s = " + long + "\n}\noutput \"o\" {\n  value = formatlist(\"%s%s\", local.s, range(1000))\n}\n",
		"join":               "locals {\n  s = join(\"\", [for i in range(1000) : \"0123456789\"])\n}\noutput \"o\" {\n  value = join(local.s, [for i in range(1000) : local.s])\n}\n",
		"join of long texts": "locals {\n  s = " + long + "\n}\noutput \"o\" {\n  value = join(\"${local.s}${local.s}\", range(1000))\n}\n",
		"replace":            "locals {\n  s = " + long + "\n}\noutput \"o\" {\n  value = replace(local.s, \"1\", \"${local.s}${local.s}\")\n}\n",
		"replace a pattern":  "locals {\n  s = " + long + "\n}\noutput \"o\" {\n  value = replace(local.s, \"/[0-9]/\", local.s)\n}\n",
		"regexreplace":       "locals {\n  s = " + long + "\n}\noutput \"o\" {\n  value = regexreplace(\"[0-9]\", local.s, local.s)\n}\n",
		"indent":             "output \"o\" {\n  value = indent(999999999, \"a\\nb\")\n}\n",
		"jsondecode":         "output \"o\" {\n  value = jsondecode(file(\"deep.json\"))\n}\n",
		"number of a text":   "output \"o\" {\n  value = tostring(tonumber(\"1e600000000\"))\n}\n",
		"converted text":     "output \"o\" {\n  value = \"${\"1e600000000\" + 1}\"\n}\n",
		"parseint":           "output \"o\" {\n  value = parseint(file(\"digits\"), 10)\n}\n",
		"deep":               "locals {\n  l0 = [1]\n" + strings.ReplaceAll(deepChain(2000), "L", "l") + "}\n",
		"instances":          "locals {\n  k = [for a in range(150) : [for b in range(150) : \"${a}-${b}\"]]\n}\ngate \"g\" {\n  for_each = toset(flatten(local.k))\n  check \"c\" {\n    condition = true\n    error_message = \"m\"\n  }\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, _, diags := Load(t.Context(), ".", Options{Kinds: testKinds(), Backends: testBackends(), FS: fstest.MapFS{
				"main.prefab.hcl": {Data: []byte(src)}, "deep.json": {Data: []byte(strings.Repeat("[", 5_000_000))},
				"digits": {Data: []byte(strings.Repeat("7", 5_000_000))},
				"t":      {Data: []byte("%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }x%{ endfor }%{ endfor }%{ endfor }")},
			}})
			if len(diags) != 1 || !strings.Contains(diags[0].Detail, "more than") || diags[0].Subject.IsZero() {
				t.Errorf("got %.600s", diags.Error())
			}
		})
	}
}

func deepChain(n int) string {
	var b strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  l%d = [local.l%d]\n", i, i-1)
	}
	return b.String()
}
