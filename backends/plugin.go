package backends

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/cpu"
)

const rebuild = "Use backend cpu, or build prefab with CGO_ENABLED=1 and a C compiler on Linux."

// Plugin is an installed PJRT plugin as its record in the cache folder describes it.
type Plugin struct {
	// Name is the device that it is for: "xla:cpu".
	Name string `json:"name"`
	// Path is absolute. Plugins given by path are recorded where they are, since those for CUDA find their libraries
	// beside themselves.
	Path string `json:"path"`
	// SHA256 is the digest of the file, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Size in bytes and ModTime in nanoseconds since 1970 tell whether the file is still the one that was digested.
	Size    int64 `json:"size"`
	ModTime int64 `json:"mod_time"`
}

// DefaultDir is prefab/backends in the user's cache folder.
func DefaultDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no cache folder to install backends in: %w", err)
	}
	return filepath.Join(dir, "prefab", "backends"), nil
}

func (o Options) dir() (string, error) {
	if o.Dir != "" {
		return filepath.Abs(o.Dir)
	}
	return DefaultDir()
}

// fileName is a device's name as part of a file name: a colon cannot be in one everywhere.
func fileName(device string) string { return strings.ReplaceAll(device, ":", "-") }

// findPlugin returns the plugin that Open would load, with a digest that holds for the file as it is now. The error is
// an *Unavailable when there is none.
func findPlugin(name string, opts Options) (Plugin, error) {
	switch {
	case xlaMissing() != "":
		return Plugin{}, &Unavailable{Name: name, Why: xlaMissing(), Remedy: rebuild}
	case opts.Plugin != "":
		return pluginAt(name, opts.Plugin)
	case name == XLACUDA && !hasDriver():
		return Plugin{}, &Unavailable{Name: name, Why: "this machine has no NVIDIA driver: nvidia-smi is not on the PATH", Remedy: driverRemedy}
	}
	p, err := readRecord(name, opts)
	if err != nil {
		return Plugin{}, err
	}
	info, err := os.Stat(p.Path)
	if err != nil {
		return Plugin{}, &Unavailable{Name: name, Why: fmt.Sprintf("the installed plugin is gone (%v)", err), Remedy: installRemedy(name)}
	}
	if info.Size() == p.Size && info.ModTime().UnixNano() == p.ModTime {
		return p, nil
	}
	// A cache folder that was copied or restored has new times and may well hold the same bytes.
	now, err := pluginAt(name, p.Path)
	if err != nil {
		return Plugin{}, err
	}
	if now.SHA256 != p.SHA256 {
		return Plugin{}, &Unavailable{Name: name, Why: fmt.Sprintf("the plugin %s is not the file that was installed: its SHA-256 is %s, not %s",
			p.Path, now.SHA256, p.SHA256), Remedy: installRemedy(name)}
	}
	return now, nil
}

func recordPath(name string, opts Options) (string, error) {
	dir, err := opts.dir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, fileName(name)+".json"), nil
}

func readRecord(name string, opts Options) (Plugin, error) {
	path, err := recordPath(name, opts)
	if err != nil {
		return Plugin{}, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Plugin{}, &Unavailable{Name: name, Why: "no plugin is installed", Remedy: installRemedy(name)}
	}
	if err != nil {
		return Plugin{}, err
	}
	var p Plugin
	if err := json.Unmarshal(data, &p); err != nil || p.Name != name || !filepath.IsAbs(p.Path) || len(p.SHA256) != 64 {
		return Plugin{}, &Unavailable{Name: name, Why: fmt.Sprintf("the record of its plugin, %s, cannot be read", path), Remedy: installRemedy(name)}
	}
	return p, nil
}

func writeRecord(p Plugin, opts Options) error {
	path, err := recordPath(p.Name, opts)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(data, '\n'))
}

// writeFile replaces a file as a whole: whoever reads it sees the old bytes or the new ones.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// installRemedy is what to do to have a device.
func installRemedy(name string) string {
	if name == XLACUDA {
		return "Get a PJRT plugin for CUDA, for example with `pip install jax-cuda13-pjrt`, then run `prefab backend install xla:cuda --plugin PATH` with the path of its xla_cuda_plugin.so."
	}
	if _, ok := pinnedWheel(runtime.GOOS, runtime.GOARCH); !ok {
		return "Run `prefab backend install " + name + " --plugin PATH` with the path of a PJRT plugin."
	}
	return "Run `prefab backend install " + name + "`."
}

// pluginAt describes a plugin file and takes its digest.
func pluginAt(name, path string) (Plugin, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Plugin{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Plugin{}, fmt.Errorf("the plugin for %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return Plugin{}, fmt.Errorf("the plugin for %s: %s is not a file", name, path)
	}
	digest, err := fileDigest(path)
	if err != nil {
		return Plugin{}, fmt.Errorf("the plugin for %s: %w", name, err)
	}
	return Plugin{Name: name, Path: path, SHA256: digest, Size: info.Size(), ModTime: info.ModTime().UnixNano()}, nil
}

func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// The number of threads changes what XLA computes on a processor, so it is fixed unless the user sets the variable that
// the plugin reads when it starts. Eight keep eight cores busy, and cost nothing measurable on two.
const (
	threadsVariable = "NPROC"
	xlaThreads      = "8"
)

// numerics is the class of a device that runs the plugin.
func (p Plugin) numerics() (string, error) {
	target := instructionSet()
	if p.Name == XLACUDA {
		var err error
		if target, err = computeCapability(); err != nil {
			return "", err
		}
	}
	class := fmt.Sprintf("%s:%s/%s%s", p.Name, target, p.SHA256[:16], xlaEnvironment())
	if threads := os.Getenv(threadsVariable); p.Name == XLACPU && threads != "" && threads != xlaThreads {
		class += "+threads=" + threads
	}
	return class, nil
}

// instructionSet names what XLA compiles for on this processor, as far as it changes results: whether products and
// sums are fused, and how many lanes a reduction has.
func instructionSet() string {
	switch {
	case runtime.GOARCH != "amd64":
		return runtime.GOARCH
	case cpu.X86.HasAVX512F:
		return "amd64-avx512"
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return "amd64-avx2"
	}
	return "amd64"
}

// xlaEnvironment digests XLA's settings in the environment. The two that this program and the loader set themselves
// are no choice of the user's and change no results between runs.
func xlaEnvironment() string {
	flags := slices.DeleteFunc(strings.Fields(os.Getenv("XLA_FLAGS")), func(f string) bool {
		return f == "--xla_gpu_deterministic_ops=true" || strings.HasPrefix(f, "--xla_gpu_cuda_data_dir=")
	})
	flags = append(flags, strings.Fields(os.Getenv("XLA_DEBUG_OPTIONS"))...)
	if len(flags) == 0 {
		return ""
	}
	slices.Sort(flags)
	sum := sha256.Sum256([]byte(strings.Join(flags, " ")))
	return "+flags=" + hex.EncodeToString(sum[:4])
}

const driverRemedy = "Install or update NVIDIA's driver where there is a GPU; elsewhere use backend xla:cpu."

// hasDriver looks for the tool that comes with every driver.
func hasDriver() bool {
	_, err := exec.LookPath("nvidia-smi")
	return err == nil
}

// computeCapability asks the driver's own tool what GPU the first visible device is: "sm90". The plugin's interface
// does not tell before it is loaded, and plans are made without loading it.
func computeCapability() (string, error) {
	// The tool takes well under a second; a driver that hangs must not hang the plan.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	args := []string{"--query-gpu=compute_cap", "--format=csv,noheader"}
	if visible := os.Getenv("CUDA_VISIBLE_DEVICES"); visible != "" {
		first, _, _ := strings.Cut(visible, ",")
		args = append(args, "--id="+first)
	}
	out, err := output(ctx, "nvidia-smi", args...)
	if err != nil {
		return "", &Unavailable{
			Name: XLACUDA, Why: fmt.Sprintf("nvidia-smi does not tell what GPU this is (%v)", err),
			Remedy: driverRemedy,
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	capability := strings.ReplaceAll(strings.TrimSpace(first), ".", "")
	if capability == "" || strings.Trim(capability, "0123456789") != "" {
		return "", &Unavailable{
			Name: XLACUDA, Why: fmt.Sprintf("nvidia-smi answered %q where a compute capability was due", first),
			Remedy: driverRemedy,
		}
	}
	return "sm" + capability, nil
}
