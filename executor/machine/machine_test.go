package machine

import (
	"testing"
	"testing/fstest"
)

func TestLimitOfControlGroups(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  int64
	}{
		"none":       {fstest.MapFS{}, 0},
		"no limit":   {fstest.MapFS{"proc/self/cgroup": file("0::/a\n"), "sys/fs/cgroup/a/memory.max": file("max\n")}, 0},
		"version 2":  {fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/b/memory.max": file("3000\n")}, 3000},
		"its parent": {fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/b/memory.max": file("3000\n"), "sys/fs/cgroup/a/memory.max": file("2000\n")}, 2000},
		"version 1": {fstest.MapFS{
			"proc/self/cgroup": file("9:name=systemd:/\n4:memory:/c\n0::/\n"), "sys/fs/cgroup/memory/c/memory.limit_in_bytes": file("5000\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
		}, 5000},
		"another place in the tree": {fstest.MapFS{"proc/self/cgroup": file("4:cpu,memory:/docker/c\n"), "sys/fs/cgroup/memory/memory.limit_in_bytes": file("7000\n")}, 7000},
	} {
		if got := limited(c.files); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestThisMachine(t *testing.T) {
	if n := Memory(); n < 64<<20 {
		t.Errorf("there are %d bytes of memory", n)
	}
	here, ok := At(".")
	if again, _ := At(t.TempDir()); !ok || here.Free <= 0 || again.Free <= 0 {
		t.Errorf("there are %+v and %+v", here, again)
	}
	if _, ok := At("no such folder"); ok {
		t.Error("a folder that is not there has room")
	}
}
