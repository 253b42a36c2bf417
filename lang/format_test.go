package lang

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", ""},
		{"\n\n", ""},
		{
			"dataset \"a\"   {\r\n  # keep\n key=row.uid   \n    max_record_bytes  =  1 // and this\n}",
			"dataset \"a\" {\n  # keep\n  key              = row.uid\n  max_record_bytes = 1 // and this\n}\n",
		},
		{"locals {\na = [\n1,\n  2 ]\n/* x */ b=<<EOT\n  text  \nEOT\n}\n", "locals {\n  a = [\n    1,\n  2]\n  /* x */ b = <<EOT\n  text  \nEOT\n}\n"},
		{"not hcl = = {", "not hcl = = {"},
	} {
		if got := string(Format([]byte(c.src))); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.src, got, c.want)
		}
	}
	if ds := Syntax("a.prefab.hcl", []byte("not hcl = = {")); !ds.HasErrors() || ds[0].Code != "syntax" {
		t.Errorf("the problem of a broken file is %v", ds)
	}
}

// TestFormatTwice formats every test file twice.
func TestFormatTwice(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.hcl"))
	more, _ := filepath.Glob(filepath.Join("testdata", "*", "*.hcl"))
	for _, f := range append(files, more...) {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		once := Format(src)
		if twice := Format(once); string(twice) != string(once) {
			t.Errorf("%s changes when it is formatted again", f)
		}
	}
}
