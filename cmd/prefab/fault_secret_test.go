//go:build unix

package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// secretSpec takes a secret in each way that there is, and gives it to whatever may take one.
const secretSpec = `
cache { 
  path = ".cache" 
  remote "http" {
    url       = "http://127.0.0.1:9"
    token_env = "FAULT_TOKEN"
  }
}

variable "password" {
  type      = string
  sensitive = true
  validation {
    condition     = length(var.password) > 3
    error_message = "${var.password} is too short"
  }
}

locals { header = "Bearer ${var.password}" }

dataset "mine" {
  source "synthetic" { rows = 60 }
}

validate "quality" {
  pairs = dataset.mine.pairs
  threshold "pair_count" { min = 1000 }
}

export "train" {
  pairs = validate.quality.pairs
  path  = "out/train.jsonl"
}

export "all" {
  pairs = dataset.mine.pairs
  path  = "out/all.jsonl"
}

gate "ship" {
  check "enough" {
    condition     = validate.quality.pair_count >= 1000
    error_message = "Too few."
  }
}

output "header" {
  value     = local.header
  sensitive = true
}
`

// TestFaultSecret looks for secrets in all that commands print and leave behind: values of sensitive variables from the
// environment, the command line and files, and a token that a remote cache is reached with.
func TestFaultSecret(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes under the race detector")
	}
	secrets := []string{"s3cret-of-env", "s3cret-of-line", "s3cret-of-file", "s3cret-of-token"}
	s := newSite(t)
	s.write("main.prefab.hcl", []byte(secretSpec))
	outside := filepath.Join(t.TempDir(), "secret.prefabvars")
	if err := os.WriteFile(outside, []byte(`password = "s3cret-of-file"`), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	ran := 0
	for _, given := range [][]string{nil, {"--var", "password=s3cret-of-line"}, {"--var-file", outside}} {
		for _, args := range secretCommands(s) {
			if len(given) > 0 && !takesVariables(args[0]) {
				continue
			}
			c := s.command(append(args, given...)...)
			c.Env = append(c.Env, "PREFAB_VAR_password=s3cret-of-env", "FAULT_TOKEN=s3cret-of-token")
			text, code := s.end(c)
			if code != 0 && code != 3 {
				t.Errorf("%v ends with %d:\n%s", args, code, text)
			}
			said.WriteString(text)
			ran++
		}
	}
	for _, secret := range secrets {
		if at := strings.Index(said.String(), secret); at >= 0 {
			t.Errorf("%s is printed: …%s…", secret, said.String()[max(0, at-200):at+40])
		}
	}
	files := s.search(secrets)
	if t.Logf("%d commands, %d files", ran, files); files < 30 {
		t.Errorf("only %d files were searched", files)
	}
}

// secretCommands are all that read the spec, and those that show what a run has left.
func secretCommands(s site) [][]string {
	saved := filepath.Join(s.dir, "saved.plan")
	return [][]string{
		{"validate"},
		{"validate", "--json"},
		{"plan", "--all"},
		{"plan", "--json"},
		{"plan", "--out", saved},
		{"apply", saved},
		{"apply", "--yes", "--json", "--replace", "dataset.mine"},
		{"apply", "--yes"},
		{"apply", "--yes"},
		{"plan"},
		{"plan"},
		{"graph"},
		{"graph", "--json"},
		{"output"},
		{"output", "--json"},
		{"why", "dataset.mine"},
		{"why", "export.train", "--json"},
		{"show", "validate.quality"},
		{"show", "dataset.mine", "--json"},
		{"cat", "dataset.mine"},
		{"lock"},
		{"fmt", "--check=false"},
		{"log"},
		{"log", "--json"},
		{"log", "--run", "1"},
		{"log", "--run", "2", "--json"},
		{"log", "dataset.mine"},
		{"diff"},
		{"diff", "--json"},
		{"cache", "stats"},
		{"cache", "stats", "--json"},
		{"cache", "verify"},
		{"cache", "gc", "--max-gb", "0"},
		{"verify", "dataset.mine"},
	}
}

func takesVariables(command string) bool {
	switch command {
	case "log", "diff", "cache", "fmt":
		return false
	}
	return true
}

// search looks through all files of a project, with what its cache holds unpacked, and says how many there are.
func (s site) search(secrets []string) (files int) {
	s.t.Helper()
	store, err := cas.Open(filepath.Join(s.dir, ".cache"), cas.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	err = filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if d, bad := spec.ParseDigest(e.Name()); bad == nil && strings.Contains(path, "/cas/") {
			b, err = store.Get(context.Background(), d)
		}
		files++
		for _, secret := range secrets {
			if bytes.Contains(b, []byte(secret)) {
				s.t.Errorf("%s is in %s", secret, path)
			}
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}
