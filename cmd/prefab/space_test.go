package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/machine"
)

// space is the disk of scripts that say so: PREFAB_TEST_FREE=1000 has so many bytes free, and PREFAB_TEST_FREE_OUT what lies
// on the disk of exports, those in a folder out, where that is another.
func space() func(string) (machine.Space, bool) {
	free, err := strconv.ParseInt(os.Getenv("PREFAB_TEST_FREE"), 10, 64)
	if err != nil {
		return nil
	}
	return func(path string) (machine.Space, bool) {
		if other, err := strconv.ParseInt(os.Getenv("PREFAB_TEST_FREE_OUT"), 10, 64); err == nil && strings.HasSuffix(path, "out") {
			return machine.Space{Device: "exports", Free: other}, true
		}
		return machine.Space{Device: "all", Free: free}, true
	}
}
