package backends

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Install makes a device available to Open on this machine and proves it: it loads the plugin and trains a tiny model
// on it, and only then writes the record that Open reads.
//
// With opts.Plugin it records that file, where it is. Without, it gets the pinned wheel through the user's own pip or
// uv, as they are configured, checks the SHA-256 of the wheel and of the plugin in it, and unpacks the plugin into
// opts.Dir. A plugin that is there already is used again. Installing once more is harmless, and an interrupted
// installation leaves nothing that Open would take for a plugin.
//
// progress gets a line at each step, and one a second while something takes long; it may be nil.
func Install(ctx context.Context, name string, opts Options, progress func(line string)) (Plugin, error) {
	if progress == nil {
		progress = func(string) {}
	}
	return install(ctx, name, opts, fetchWheel, progress)
}

// fetcher gets a pinned wheel's plugin into an empty folder and returns its path.
type fetcher func(ctx context.Context, w wheel, dir string, progress func(string)) (string, error)

func install(ctx context.Context, name string, opts Options, fetch fetcher, progress func(string)) (Plugin, error) {
	switch {
	case name == CPU:
		return Plugin{}, fmt.Errorf("backend %s is part of prefab: there is nothing to install", CPU)
	case name != XLACPU && name != XLACUDA:
		return Plugin{}, unknownName(name)
	case xlaMissing() != "":
		return Plugin{}, &Unavailable{Name: name, Why: xlaMissing(), Remedy: rebuild}
	}
	dir, err := opts.dir()
	if err != nil {
		return Plugin{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Plugin{}, err
	}
	path := opts.Plugin
	if path == "" {
		if path, err = provide(ctx, name, dir, fetch, progress); err != nil {
			return Plugin{}, err
		}
	}
	progress("taking the plugin's digest")
	p, err := pluginAt(name, path)
	if err != nil {
		return Plugin{}, err
	}
	if err := try(ctx, p, progress); err != nil {
		return Plugin{}, fmt.Errorf("the plugin %s does not work on this machine, so it was not installed: %w", p.Path, err)
	}
	return p, writeRecord(p, opts)
}

// provide makes sure that the pinned wheel's plugin is unpacked below dir, and returns its path.
func provide(ctx context.Context, name, dir string, fetch fetcher, progress func(string)) (string, error) {
	w, ok := pinnedWheel(runtime.GOOS, runtime.GOARCH)
	if !ok || name != XLACPU {
		return "", &Unavailable{Name: name, Why: "no plugin is pinned for " + runtime.GOOS + "/" + runtime.GOARCH, Remedy: installRemedy(name)}
	}
	folder := filepath.Join(dir, fileName(name)+"-"+w.pluginSHA256[:16])
	path := filepath.Join(folder, filepath.Base(w.member))
	if digest, err := fileDigest(path); err == nil && digest == w.pluginSHA256 {
		progress("the pinned plugin is unpacked already")
		return path, nil
	}
	temp, err := os.MkdirTemp(dir, ".install-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	got, err := fetch(ctx, w, temp, progress)
	if err != nil {
		return "", err
	}
	progress("verifying the plugin")
	if err := verify(got, w.pluginSHA256); err != nil {
		return "", err
	}
	ready := filepath.Join(temp, "ready")
	if err := os.Mkdir(ready, 0o755); err != nil {
		return "", err
	}
	if err := os.Rename(got, filepath.Join(ready, filepath.Base(path))); err != nil {
		return "", err
	}
	return path, replaceFolder(ready, folder)
}

// verify compares a file with the digest that was pinned when this program was written.
func verify(path, want string) error {
	got, err := fileDigest(path)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s is not the file that this version of prefab was made for: its SHA-256 is %s, expected %s. Nothing was installed; ask whoever runs your package index",
			filepath.Base(path), got, want)
	}
	return nil
}

// replaceFolder puts a finished folder in the place of whatever is there. A folder there is damaged, or another
// process has just put the same plugin in it.
func replaceFolder(ready, folder string) error {
	err := os.Rename(ready, folder)
	if err == nil || !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return os.Rename(ready, folder)
}

// try opens the device and trains on it.
func try(ctx context.Context, p Plugin, progress func(string)) error {
	progress("loading the plugin")
	device, err := openPlugin(p)
	if err != nil {
		return err
	}
	defer device.Close()
	progress("training a tiny model on it")
	first, last, err := Check(ctx, device)
	if err != nil {
		return err
	}
	progress(fmt.Sprintf("trained: log-loss %.4f -> %.4f, equal to the computation by hand", first, last))
	return nil
}

// waiting tells progress once a second that something still goes on, until the returned function is called.
func waiting(progress func(string), what string) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for seconds := 1; ; seconds++ {
			select {
			case <-done:
				return
			case <-tick.C:
				progress(fmt.Sprintf("%s, %d s", what, seconds))
			}
		}
	}()
	return func() { close(done); <-ended }
}
