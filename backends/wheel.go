package backends

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A wheel is a pinned package of the Python package index: a zip that holds a plugin.
type wheel struct {
	name, version string
	sha256        string // of the wheel
	member        string // the plugin's name in the zip
	pluginSHA256  string
	megabytes     int // to download
}

// pinnedWheel is the wheel that Install gets on a platform. Both digests were taken from the index's own files on
// 2026-11-22; the plugin speaks version 0.81 of the PJRT C interface.
func pinnedWheel(goos, goarch string) (wheel, bool) {
	w := wheel{name: "xla-cpu-pjrt", version: "0.0.1", member: "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so"}
	switch goos + "/" + goarch {
	case "linux/amd64":
		w.megabytes = 63
		w.sha256 = "55837b6b7b47daa717f2d9a5a03563ea0ceaa338d06a81a1e2d3f060d960decc"
		w.pluginSHA256 = "88c3f28c5900f48ad4a82cab9e79bba9537809743395e341485f8794268820dc"
	case "linux/arm64":
		w.megabytes = 50
		w.sha256 = "8f613be6e891858f40d64f9799319502fff42689661944fc18a6ffd8210b30c9"
		w.pluginSHA256 = "fcf411f3e8ff635c2b2cf87215aa7016f460e66d236c3db08309e7486583532d"
	default:
		return wheel{}, false
	}
	return w, true
}

func (w wheel) requirement() string { return w.name + "==" + w.version }

// fetchWheel tries the user's package installers in turn until one gets the wheel. They know the user's index, proxy
// and credentials; this program knows none of them.
func fetchWheel(ctx context.Context, w wheel, dir string, progress func(string)) (string, error) {
	var errs []error
	for _, pip := range [][]string{{"python3", "-m", "pip"}, {"python", "-m", "pip"}, {"pip3"}, {"pip"}} {
		if !runs(ctx, pip...) {
			continue
		}
		path, err := fetchByPip(ctx, pip, w, dir, progress)
		if err == nil || ctx.Err() != nil {
			return path, err
		}
		errs = append(errs, err)
		break // the other names are the same pip, or one with the same settings
	}
	if runs(ctx, "uv") {
		path, err := fetchByUV(ctx, w, dir, progress)
		if err == nil || ctx.Err() != nil {
			return path, err
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return "", &Unavailable{
			Name: XLACPU, Why: "neither pip nor uv is on the PATH to get the plugin with",
			Remedy: "Install one of them, or run `prefab backend install xla:cpu --plugin PATH` with a plugin that you have.",
		}
	}
	return "", fmt.Errorf("getting %s failed: %w", w.requirement(), errors.Join(errs...))
}

// runs reports whether a program is there and can tell its version.
func runs(ctx context.Context, command ...string) bool {
	if _, err := exec.LookPath(command[0]); err != nil {
		return false
	}
	_, err := output(ctx, command[0], append(command[1:len(command):len(command)], "--version")...)
	return err == nil
}

// fetchByPip downloads the wheel as it is, checks it and takes the plugin out.
func fetchByPip(ctx context.Context, pip []string, w wheel, dir string, progress func(string)) (string, error) {
	what := fmt.Sprintf("getting %s (%d MB) with %s", w.requirement(), w.megabytes, strings.Join(pip, " "))
	progress(what)
	stop := waiting(progress, what)
	args := append(pip[1:len(pip):len(pip)], "download", "--no-deps", "--only-binary=:all:", "--no-input",
		"--disable-pip-version-check", "--progress-bar=off", "-d", dir, w.requirement())
	_, err := output(ctx, pip[0], args...)
	stop()
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("%s left %d wheels where one was due", strings.Join(pip, " "), len(files))
	}
	progress("verifying and unpacking the wheel")
	if err := verify(files[0], w.sha256); err != nil {
		return "", err
	}
	return unpack(ctx, files[0], w.member, dir)
}

// fetchByUV has uv check the wheel's digest and unpack it, since uv has no command that only downloads.
func fetchByUV(ctx context.Context, w wheel, dir string, progress func(string)) (string, error) {
	what := fmt.Sprintf("getting %s (%d MB) with uv", w.requirement(), w.megabytes)
	progress(what)
	requirements := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(requirements, []byte(w.requirement()+" --hash=sha256:"+w.sha256+"\n"), 0o644); err != nil {
		return "", err
	}
	target := filepath.Join(dir, "uv")
	stop := waiting(progress, what)
	_, err := output(ctx, "uv", "pip", "install", "--target", target, "--no-deps", "--only-binary", ":all:",
		"--require-hashes", "-r", requirements)
	stop()
	if err != nil {
		return "", err
	}
	return filepath.Join(target, filepath.FromSlash(w.member)), nil
}

// maxPlugin bounds what is unpacked; the largest plugin known has 260 MB.
const maxPlugin = 2 << 30

// unpack writes one file of a zip into dir, under its own last name, and returns the path. A name in the zip that
// leaves the folder it is unpacked in makes the whole zip suspect.
func unpack(ctx context.Context, archive, member, dir string) (string, error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return "", err
	}
	defer z.Close()
	var found *zip.File
	for _, f := range z.File {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || strings.Contains(f.Name, `\`) {
			return "", fmt.Errorf("%s holds the file name %q, which leads out of the archive: it is not a wheel to be trusted", filepath.Base(archive), f.Name)
		}
		if f.Name == member {
			found = f
		}
	}
	if found == nil || !found.Mode().IsRegular() {
		return "", fmt.Errorf("%s holds no file %s", filepath.Base(archive), member)
	}
	if found.UncompressedSize64 > maxPlugin {
		return "", fmt.Errorf("%s in %s claims %d bytes, more than any plugin has", member, filepath.Base(archive), found.UncompressedSize64)
	}
	path := filepath.Join(dir, filepath.Base(filepath.FromSlash(member)))
	return path, copyMember(ctx, found, path)
}

func copyMember(ctx context.Context, f *zip.File, path string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, &limited{ctx: ctx, in: in, left: maxPlugin})
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// limited reads until its context ends, and no more than so many bytes, whatever the archive's directory says.
type limited struct {
	ctx  context.Context
	in   io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := l.in.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errors.New("the file in the archive is larger than any plugin")
	}
	return n, err
}
