package compare

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A tool is a program or a package of Python that may be installed.
type tool struct {
	path    string // of the program or the interpreter; "" where it is absent
	version string
}

func (t tool) there() bool { return t.path != "" }

// How the tools are found: programs on PATH or beside the interpreter, packages by what the interpreter knows of them.
var (
	programs = []struct {
		name, program string
		version       []string
	}{
		{"prefab", "", []string{"version"}},
		{"ninja", "ninja", []string{"--version"}},
		{"make", "make", []string{"--version"}},
		{"snakemake", "snakemake", []string{"--version"}},
		{"dvc", "dvc", []string{"--version"}},
		{"tofu", "tofu", []string{"version"}},
	}
	packages = []string{"datasketch", "rensa", "datatrove", "scikit-learn"}
)

var digit = regexp.MustCompile(`\d`)

func toolNames() []string {
	var names []string
	for _, p := range programs {
		names = append(names, p.name)
	}
	return append(append(names, packages...), "python")
}

// find looks for every tool, and asks for its version.
func (b *bench) find(ctx context.Context) error {
	b.tools = map[string]tool{}
	ask := func(path string, args ...string) (string, error) {
		_, out, err := job{argv: append([]string{path}, args...), env: []string{"HOME=" + b.Dir, "DVC_NO_ANALYTICS=1"}, limit: time.Minute}.run(ctx)
		// Some warn before they answer.
		for line := range strings.Lines(out) {
			if digit.MatchString(line) {
				return plain(line), err
			}
		}
		return plain(out), err
	}
	for _, p := range programs {
		path := b.Prefab
		if p.program != "" {
			path = b.look(p.program)
		}
		t := tool{version: "absent"}
		if path != "" && (p.program == "" || b.wanted(p.name)) {
			if v, err := ask(path, p.version...); err == nil {
				t = tool{path, v}
			} else if p.program == "" {
				return err
			}
		}
		b.tools[p.name] = t
	}
	python := b.Python
	if python == "" {
		python = b.look("python3")
	}
	for _, name := range packages {
		b.tools[name] = tool{version: "absent"}
		if python == "" || !b.wanted(name) {
			continue
		}
		if v, err := ask(python, "-c", fmt.Sprintf("import importlib.metadata as m; print(m.version(%q))", name)); err == nil {
			b.tools[name] = tool{python, v}
		}
	}
	b.tools["python"] = tool{version: "absent"}
	if python != "" && b.wanted("python") {
		if v, err := ask(python, "--version"); err == nil {
			b.tools["python"] = tool{python, v}
		}
	}
	return nil
}

func (b *bench) wanted(name string) bool { return b.Peers == nil || slices.Contains(b.Peers, name) }

// look finds a program beside the interpreter, or on PATH.
func (b *bench) look(program string) string {
	if b.Python != "" {
		path := filepath.Join(filepath.Dir(b.Python), program)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	path, err := command(program)
	if err != nil {
		return ""
	}
	return path
}

// command is the whole path of a program: jobs run in folders of their own.
func command(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// python is a job that runs one of the peers' programs.
func (b *bench) python(name, script string, args ...string) job {
	t := b.tools[name]
	return job{tool: name, dir: b.Dir, argv: append([]string{t.path, b.path("peers", script)}, args...), env: []string{"PYTHONDONTWRITEBYTECODE=1"}}
}

// prefab is a job that runs prefab in a folder, with a cache of its own there.
func (b *bench) prefab(dir string, args ...string) job {
	return job{tool: "prefab", dir: dir, argv: append([]string{b.Prefab}, args...), env: []string{"PREFAB_CACHE=" + filepath.Join(dir, "cache")}}
}
