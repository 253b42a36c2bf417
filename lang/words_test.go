package lang

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func mustParse(t testing.TB, src string) hclsyntax.Expression {
	t.Helper()
	e, ds := hclsyntax.ParseExpression([]byte(src), "test", hcl.InitialPos)
	if ds.HasErrors() {
		t.Fatalf("%s: %v", src, ds)
	}
	return e
}

func TestDidYouMean(t *testing.T) {
	names := []string{"against", "max_record_bytes", "pairs", "path", "seed"}
	for _, c := range []struct{ given, want string }{
		{"pair", " Did you mean pairs?"},
		{"apirs", " Did you mean pairs?"}, // two letters swapped
		{"Seed", " Did you mean seed?"},
		{"max_records_byte", " Did you mean max_record_bytes?"},
		{"pth", " Did you mean path?"},
		{"x", ""},
		{"everything", ""},
		{"", ""},
	} {
		if got := didYouMean(c.given, names); got != c.want {
			t.Errorf("for %q: %q, want %q", c.given, got, c.want)
		}
	}
}

func TestVersionFits(t *testing.T) {
	for _, c := range []struct {
		version, demand string
		fits, broken    bool
	}{
		{"0.1.0", ">= 0.1", true, false},
		{"v0.1.0-rc1", ">= 0.1", true, false},
		{"0.1.5", ">= 0.1, < 0.2", true, false},
		{"0.2.0", ">= 0.1, < 0.2", false, false},
		{"0.1.9", "~> 0.1.2", true, false},
		{"0.2.0", "~> 0.1.2", false, false},
		{"0.9.0", "~> 0.1", true, false},
		{"1.0.0", "~> 0.1", false, false},
		{"1.0.0", "!= 1.0.0", false, false},
		{"1.0.0", "1", true, false},
		{"1.0.0", "= 1.0.1", false, false},
		{"1.0.0", "> 1", false, false},
		{"1.0.0", "<= 1", true, false},
		{"", ">= 9", true, false}, // a development build
		{"devel", ">= 9", true, false},
		{"1.0.0", "newest", false, true},
		{"1.0.0", "=> 1", false, true},
		{"1.0.0", "", false, true},
		{"1.0.0", "1.2.3.4", false, true},
	} {
		fits, err := versionFits(c.version, c.demand)
		if fits != c.fits || (err != nil) != c.broken {
			t.Errorf("%q for %q: %v, %v; want %v, broken %v", c.version, c.demand, fits, err, c.fits, c.broken)
		}
	}
}
