package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prefab-build/prefab/executor/stage"
)

// A program is one run of the user's program.
type program struct {
	*config
	task   *stage.Task
	folder *folder
	env    []string
	said   *log
	before int64 // bytes in the folder when it begins
}

// How long a program has to end by itself once it is told to, how long its output is waited for when it has ended, and how
// often its folder is looked at. The first is shorter than what a worker process is given before it is killed.
const (
	grace   = 3 * time.Second
	linger  = 2 * time.Second
	looking = time.Second
)

func newProgram(t *stage.Task, c *config, f *folder) (*program, error) {
	p := &program{config: c, task: t, folder: f, said: &log{say: t.Logf}, before: f.size()}
	p.said.hide(f.work+string(filepath.Separator), "")
	p.said.hide(f.base, "(temporary)")
	set := map[string]string{
		"HOME": f.home(), "TMPDIR": f.tmp(), "LANG": "C.UTF-8",
		"PYTHONUNBUFFERED": "1", // Python keeps what it prints to itself until it ends, and a late one is killed
		reserved + "CORES": strconv.Itoa(c.Cores),
		folderVariable:     f.base,
		reserved + "SEED":  strconv.FormatUint(t.Seed()>>33, 10), // what fits everywhere: below 2^31
	}
	passed := []string{"PATH"}
	if runtime.GOOS == "windows" {
		passed = append(passed, "SystemRoot", "PATHEXT")
	}
	for _, name := range passed {
		if value, ok := t.Env(name); ok {
			set[name] = value
		}
	}
	for i, name := range c.PassEnv {
		value, ok := t.Env(name)
		if !ok {
			return nil, stage.At(fmt.Errorf("the environment has no variable %s, which pass_env names: set it, or remove the name", name), "pass_env", strconv.Itoa(i))
		}
		set[name] = value
		p.said.hide(value, "("+name+")")
	}
	for name, value := range c.Env {
		set[name] = value
	}
	for name, value := range set {
		p.env = append(p.env, name+"="+value)
	}
	slices.Sort(p.env)
	return p, nil
}

// path finds the program: a bare name along prefab's PATH, another from the folder in which it works.
func (p *program) path() (string, error) {
	name := p.Argv[0]
	if strings.ContainsRune(name, '/') {
		path := filepath.FromSlash(name)
		if !filepath.IsAbs(path) {
			path = filepath.Join(p.folder.work, path)
		}
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("there is no program %s: its path leads from the folder in which it works, where the files of the stage lie. Name it in files, too", name)
		}
		return path, nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("the program %s is not found along PATH: install it, or name one of the stage's files as ./%s", name, name)
	}
	return filepath.Abs(path)
}

// run runs the program to its end. Whatever it started in its process group ends with it.
func (p *program) run(ctx context.Context) error {
	path, err := p.path()
	if err != nil {
		return stage.At(err, "argv")
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := exec.Cmd{Path: path, Args: p.Argv, Dir: p.folder.work, Env: p.env, Stdout: w, Stderr: w}
	ownGroup(&cmd)
	runtime.LockOSThread() // see machine.EndWithUs: the thread has to outlive the program
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		w.Close()
		var system *fs.PathError
		if errors.As(err, &system) {
			err = system.Err // the path is that of a folder which goes
		}
		return stage.At(fmt.Errorf("%s cannot be started: %w", p.Argv[0], err), "argv")
	}
	w.Close()
	p.folder.noteGroup(cmd.Process.Pid)
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.said.read(r)
	}()
	ended := make(chan struct{})
	watched := make(chan error, 1)
	go func() { watched <- p.watch(ctx, &cmd, ended) }()
	_ = cmd.Wait() // what it came to is in its state
	close(ended)
	stopped := <-watched
	if endGroup(&cmd) {
		p.task.Logf("it left processes behind, which were ended")
	}
	select {
	case <-read:
	case <-time.After(linger): // something that left the group holds the other end
		r.Close()
		<-read
	}
	p.said.end()
	switch {
	case stopped != nil:
		return stopped
	case cmd.ProcessState.Success():
		return nil
	}
	return p.failed(cmd.ProcessState)
}

// watch ends the program when the run is stopped, or when it fills the disk.
func (p *program) watch(ctx context.Context, cmd *exec.Cmd, ended <-chan struct{}) (err error) {
	tick := time.NewTicker(looking)
	defer tick.Stop()
	for err == nil {
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-tick.C:
			err = p.tooMuch()
		}
	}
	askGroup(cmd)
	select {
	case <-ended:
	case <-time.After(grace):
		endGroup(cmd)
	}
	return err
}

// tooMuch is the error of a program that wrote more than it may.
func (p *program) tooMuch() error {
	wrote := float64(p.folder.size()-p.before) / 1e9
	if wrote <= p.MaxOutput {
		return nil
	}
	return stage.At(fmt.Errorf("the program wrote %.3g GB, and max_output_gb lets it write %g: let it write less, or raise that", wrote, p.MaxOutput), "max_output_gb")
}

// failed is the error of a program that did not end well.
func (p *program) failed(state *os.ProcessState) error {
	how := "ended by " + state.String()
	if code := state.ExitCode(); code >= 0 {
		how = fmt.Sprintf("ended with exit code %d", code)
	}
	last := p.said.last()
	if last == "" {
		return fmt.Errorf("the program %s %s, and said nothing%s", p.Argv[0], how, p.unnamed())
	}
	return fmt.Errorf("the program %s %s%s. The last that it said:\n%s", p.Argv[0], how, p.unnamed(), last)
}

// unnamed points at words that look like files which the program was not given: the likeliest mistake of all.
func (p *program) unnamed() string {
	given := map[string]bool{}
	for _, f := range p.task.RawFiles() {
		given[f.Name] = true
	}
	for _, word := range p.Argv[1:] {
		program := slices.Contains([]string{".py", ".sh", ".js", ".R", ".pl", ".rb"}, filepath.Ext(word))
		if name := filepath.ToSlash(filepath.Clean(word)); program && !filepath.IsAbs(word) && !given[name] && !strings.HasPrefix(name, "in/") {
			return fmt.Sprintf(" (argv names %s, and files does not: a program sees only the files that are named there)", word)
		}
	}
	return ""
}
