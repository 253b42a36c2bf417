package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Of the processes of the noted group those are ended that were started in the folder. A stranger whose group has the
// number by now is not, nor is what had left the group, which the end of a program spares, too.
func TestOrphans(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "t[1]") // no pattern
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	f, err := newFolder()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.remove() }()
	start := func(group int, env ...string) (*exec.Cmd, chan struct{}) {
		cmd := exec.Command("sleep", "60")
		cmd.Env = env
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: group}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(over)
		}()
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return cmd, over
	}
	stranger, spared := start(0, "HOME=/root", "PWD="+f.work)
	group := stranger.Process.Pid
	_, ended := start(group, "A=B", folderVariable+"="+f.base)
	_, too := start(group, "HOME=/elsewhere", folderVariable+"="+f.base)
	_, left := start(0, folderVariable+"="+f.base)
	f.noteGroup(group)
	f.endOrphans()
	for _, end := range []chan struct{}{ended, too} {
		select {
		case <-end:
		case <-time.After(10 * time.Second):
			t.Error("what the program had started goes on")
		}
	}
	select {
	case <-spared:
		t.Error("a stranger was ended")
	case <-left:
		t.Error("what had left the group was ended")
	case <-time.After(100 * time.Millisecond):
	}
}
