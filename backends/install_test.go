package backends

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// time is the moment that many seconds after the plugin's file was written.
func (p Plugin) time(seconds int64) time.Time {
	return time.Unix(0, p.ModTime).Add(time.Duration(seconds) * time.Second)
}

func TestPinnedWheels(t *testing.T) {
	seen := map[string]bool{}
	for _, arch := range []string{"amd64", "arm64"} {
		w, ok := pinnedWheel("linux", arch)
		if !ok || len(w.sha256) != 64 || len(w.pluginSHA256) != 64 || seen[w.sha256] || seen[w.pluginSHA256] {
			t.Errorf("linux/%s: %+v", arch, w)
		}
		seen[w.sha256], seen[w.pluginSHA256] = true, true
	}
	if _, ok := pinnedWheel("windows", "amd64"); ok {
		t.Error("a wheel is pinned for Windows")
	}
}

// archive writes a zip of name, content pairs and returns its path.
func archive(t *testing.T, files ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin.whl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	path, err := unpack(t.Context(), archive(t, "a/x.so", "code", "a/readme", "text"), "a/x.so", dir)
	if err != nil || path != filepath.Join(dir, "x.so") {
		t.Fatalf("unpacked to %q, %v", path, err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "code" {
		t.Errorf("content %q, %v", data, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files were unpacked", len(files))
	}
}

func TestUnpackRefuses(t *testing.T) {
	for _, evil := range []string{"../../x.so", "/etc/x.so", `..\x.so`, "a/../../x.so"} {
		dir := t.TempDir()
		_, err := unpack(t.Context(), archive(t, evil, "code", "a/x.so", "code"), "a/x.so", dir)
		if err == nil || !strings.Contains(err.Error(), "leads out of the archive") {
			t.Errorf("a zip with %q: %v", evil, err)
		}
		if files, _ := os.ReadDir(dir); len(files) != 0 {
			t.Errorf("a zip with %q left files", evil)
		}
	}
	if _, err := unpack(t.Context(), archive(t, "a/y.so", "code"), "a/x.so", t.TempDir()); err == nil || !strings.Contains(err.Error(), "holds no file a/x.so") {
		t.Errorf("a zip without the plugin: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := unpack(ctx, archive(t, "a/x.so", "code"), "a/x.so", t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled unpacking: %v", err)
	}
}

// TestInstallRefuses goes through the ways an installation ends without a record.
func TestInstallRefuses(t *testing.T) {
	needsPlugins(t)
	fake := func(content string) fetcher {
		return func(_ context.Context, _ wheel, dir string, _ func(string)) (string, error) {
			path := filepath.Join(dir, "got.so")
			return path, os.WriteFile(path, []byte(content), 0o644)
		}
	}
	broken := filepath.Join(t.TempDir(), "broken.so")
	if err := os.WriteFile(broken, []byte("not a library"), 0o644); err != nil {
		t.Fatal(err)
	}
	offline := func(context.Context, wheel, string, func(string)) (string, error) {
		return "", errors.New("no route to host")
	}
	for _, c := range []struct {
		name, device, plugin string
		fetch                fetcher
		want                 string
	}{
		{"cpu", CPU, "", nil, "nothing to install"},
		{"unknown", "tpu", "", nil, `no backend "tpu"`},
		{"offline", XLACPU, "", offline, "no route to host"},
		{"other bytes", XLACPU, "", fake("something else"), "is not the file that this version of prefab was made for"},
		{"cuda without a path", XLACUDA, "", nil, "no plugin is pinned"},
		{"no such file", XLACPU, filepath.Join(t.TempDir(), "none.so"), nil, "no such file"},
		{"a folder", XLACPU, t.TempDir(), nil, "is not a file"},
		{"no library", XLACPU, broken, nil, "is not a shared library"},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := Options{Dir: t.TempDir(), Plugin: c.plugin}
			_, err := install(t.Context(), c.device, opts, c.fetch, func(string) {})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
			if files, _ := os.ReadDir(opts.Dir); len(files) != 0 {
				t.Errorf("the installation left %v", files)
			}
		})
	}
}

// TestFetchByPip runs the fetcher against a script in the place of pip.
func TestFetchByPip(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for pip is a shell script")
	}
	source := archive(t, "a/x.so", "code")
	digest, err := fileDigest(source)
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\nwhile [ \"$1\" != -d ]; do shift; done\n/bin/cp " + source + " \"$2/p.whl\"\n"
	if err := os.WriteFile(filepath.Join(bin, "pip3"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	w := wheel{name: "p", version: "1", member: "a/x.so", sha256: digest}
	var lines []string
	path, err := fetchWheel(t.Context(), w, t.TempDir(), func(line string) { lines = append(lines, line) })
	if err != nil || filepath.Base(path) != "x.so" {
		t.Fatalf("fetched %q, %v", path, err)
	}
	if len(lines) < 2 || lines[0] != "getting p==1 (0 MB) with pip3" {
		t.Errorf("progress %q", lines)
	}
	w.sha256 = strings.Repeat("0", 64)
	if _, err := fetchWheel(t.Context(), w, t.TempDir(), func(string) {}); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("a wheel with another digest: %v", err)
	}
	failing := "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\necho no matching distribution >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "pip3"), []byte(failing), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := fetchWheel(t.Context(), w, t.TempDir(), func(string) {}); err == nil || !strings.Contains(err.Error(), "no matching distribution") {
		t.Errorf("a pip that fails: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	var missing *Unavailable
	if _, err := fetchWheel(t.Context(), w, t.TempDir(), func(string) {}); !errors.As(err, &missing) {
		t.Errorf("without pip and uv: %v", err)
	}
}

func TestTail(t *testing.T) {
	if got := tail(""); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintln(&b, i)
	}
	if got := tail(b.String()); got != "\n  14\n  15\n  16\n  17\n  18\n  19" {
		t.Errorf("of twenty lines: %q", got)
	}
}
