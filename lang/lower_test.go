package lang

import (
	"fmt"
	"strings"
	"testing"
)

// TestLowered shows what expressions come to: locals inlined, known loops unrolled, what is known worked out.
func TestLowered(t *testing.T) {
	const setting = `
variable "strict" { default = true }
locals {
  gap    = evaluate.rm["a"].train.accuracy - evaluate.rm["b"].train.accuracy
  limits = { a = 0.5, b = 0.6 }
  all    = { for k, e in evaluate.rm : k => e.train.accuracy }
}
dataset "hh" {
  source "synthetic" {}
}
reward_model "rm" {
  train = dataset.hh.pairs
  architecture "bag" {}
}
evaluate "rm" {
  for_each = { a = 1, b = 2 }
  model    = reward_model.rm.model
  on       = { train = dataset.hh.pairs }
}
output "x" {
  value = `
	a, b := `evaluate.rm["a"].train.accuracy`, `evaluate.rm["b"].train.accuracy`
	for _, c := range []struct{ src, want string }{
		{`evaluate.rm["a"].train.accuracy_low >= 0.70`, `evaluate.rm["a"].train.accuracy_low >= 0.7`},
		{`local.gap < 1 / 10`, a + ` - ` + b + ` < 0.1`},
		{`var.strict ? local.gap : 0`, a + ` - ` + b},
		{`[for k, e in evaluate.rm : e.train.accuracy > local.limits[k]]`, `[` + a + ` > 0.5, ` + b + ` > 0.6]`},
		{`min([for e in evaluate.rm : e.train.accuracy]...)`, `min(` + a + `, ` + b + `)`},
		{`{ for k, e in evaluate.rm : upper(k) => e.train.accuracy }["B"]`, b},
		{`values(evaluate.rm)[*].train.accuracy`, `[` + a + `, ` + b + `]`},
		{`length(evaluate.rm)`, `2`},
		{`local.all.b`, b},
		{`[for k, m in local.all : m if k != "b"]`, `[` + a + `]`},
		{`{ for k, m in local.all : "all" => m... }`, `{ all = [` + a + `, ` + b + `] }`},
		{`"A ${upper("b")} ${local.gap}%{ for k, m in local.all } ${k}=${m}%{ endfor }"`, `"A B ${` + a + ` - ` + b + `} a=${` + a + `} b=${` + b + `}"`},
		{`-dataset.hh.rows + (1 + 2) * dataset.hh.rows`, `-dataset.hh.rows + 3 * dataset.hh.rows`},
		{`alltrue([for m in values(local.all) : m > 0])`, `alltrue([` + a + ` > 0, ` + b + ` > 0])`},
		{`round(2.5) + toint("4")`, ``},
		{`!(local.gap > 0) || var.strict`, `!(` + a + ` - ` + b + ` > 0) || true`},
	} {
		p := mustLoad(t, map[string]string{"main.prefab.hcl": setting + c.src + "\n}\n"}, Options{})
		if got := strings.ReplaceAll(p.Outputs[0].Value.String(), `"${", "`, ""); c.want != "" && got != c.want {
			t.Errorf("%s is lowered to\n%s\nwant\n%s", c.src, got, c.want)
		}
	}
}

func TestLowerRow(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`row.chosen_score > 0.5 && row.category == "code"`, `row.chosen_score > 0.5 && row.category == "code"`},
		{`length(row.chosen) > 1 + 1`, `length(row.chosen) > 2`},
		{`anytrue([for m in row.prompt : m.role == "system"])`, `anytrue([for m in row.prompt : m.role == "system"])`},
		{`row["a b"].c[0]`, `row["a b"].c[0]`},
		{`lower("A")`, `"a"`},
	} {
		n, diags := LowerRow(c.src)
		if len(diags) > 0 {
			t.Errorf("%s: %v", c.src, diags)
		} else if n.String() != c.want {
			t.Errorf("%s is lowered to %s, want %s", c.src, n, c.want)
		}
	}
	for _, c := range []struct{ src, code string }{
		{"row.", "syntax"},
		{"row.x >", "syntax"},
		{"var.x", "row-only"},
		{"rwo.x", "row-only"},
		{"lengt(row.x)", "unknown-function"},
		{"dataset.x.y", "row-only"},
		{"chosen_score > 1", "row-only"},
		{strings.Repeat("(", 5000), "syntax"},
	} {
		n, diags := LowerRow(c.src)
		if n != nil || len(diags) == 0 || diags[0].Code != c.code {
			t.Errorf("%.20s gives %v and %v, want %s", c.src, n, diags, c.code)
		}
	}
}

// TestOperands shows, beside a problem, what the failing expression referred to.
func TestOperands(t *testing.T) {
	_, diags := loadText(t, `
variable "rows" { default = -5 }
variable "key" {
  default   = "hush"
  sensitive = true
}
locals { more = var.rows * 2 }
dataset "hh" {
  source "synthetic" {
    rows = var.rows + local.more
  }
}
gate "g" {
  check "a" {
    condition     = dataset.hh.rows > "${var.key}x"
    error_message = "few"
  }
}
`, Options{})
	want := []string{
		`dataset.hh out-of-bounds [{var.rows -5} {local.more -10}]`,
		`gate.g sensitive-value [{var.key (sensitive)}]`,
	}
	for i, d := range diags {
		if got := d.Block + " " + d.Code + " " + fmt.Sprint(d.Values); i >= len(want) || got != want[i] {
			t.Errorf("problem %d is %s", i, got)
		}
	}
	if len(diags) != len(want) {
		t.Errorf("%d problems, want %d", len(diags), len(want))
	}
}
