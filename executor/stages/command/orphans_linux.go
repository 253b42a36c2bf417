package command

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// A program dies with its prefab (see machine.EndWithUs), and what it had started does not: the next command to begin ends that.

// noteGroup writes the program's process group down. Where that fails, its orphans are not found, and nothing else.
func (f *folder) noteGroup(group int) {
	_ = os.WriteFile(f.owner.Path(), []byte(strconv.Itoa(group)), 0o600)
}

// endOrphans kills what is left of the program's process group. It is killed again until it is gone, since it may go on
// to start others.
func (f *folder) endOrphans() {
	note, err := os.ReadFile(filepath.Join(f.base, ownerName))
	if err != nil {
		return
	}
	group, err := strconv.Atoi(string(note))
	if err != nil {
		return
	}
	for range 100 {
		if !f.killGroup(group) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// killGroup kills the processes of the group that were started in this folder, and reports whether there were any. The
// number may be another group's by now, so it is not enough.
func (f *folder) killGroup(group int) (found bool) {
	list, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range list {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if of, err := syscall.Getpgid(pid); err != nil || of != group {
			continue
		}
		process, err := os.FindProcess(pid) // a handle: the process that is looked at is the one that is killed
		if err != nil {
			continue
		}
		if f.startedHere(dir) && process.Kill() == nil {
			found = true
		}
		_ = process.Release()
	}
	return found
}

// startedHere tells by the environment that a process began with whether it comes of the program that worked in this
// folder. The folder's name was drawn for that program, and nobody has had another one of it while it is there.
func (f *folder) startedHere(proc string) bool {
	environ, err := os.ReadFile(filepath.Join(proc, "environ"))
	return err == nil && slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(v []byte) bool {
		return string(v) == folderVariable+"="+f.base
	})
}
