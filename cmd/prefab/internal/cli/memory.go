package cli

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/machine"
	"github.com/prefab-build/prefab/planner"
)

// mayNeed is how much memory stages may need together: what the flag says, PREFAB_MEMORY, the spec, or three quarters of what
// there is, since the process itself, others, and the system's cache of files need some too. 0 is without bounds.
func (s *session) mayNeed(flag string) (int64, error) {
	if flag != "" {
		return parseSize(flag)
	}
	if n, err := memoryGiven(); n > 0 || err != nil {
		return n, err
	}
	if gb := s.pipeline.Project.MemoryGB; gb > 0 {
		return int64(gb * 1e9), nil
	}
	return machine.Memory() / 4 * 3, nil
}

// memoryGiven reads PREFAB_MEMORY; 0 when it is not set.
func memoryGiven() (int64, error) {
	given := os.Getenv("PREFAB_MEMORY")
	if given == "" {
		return 0, nil
	}
	n, err := parseSize(given)
	if err != nil {
		return 0, fmt.Errorf("PREFAB_MEMORY: %w", err)
	}
	return n, nil
}

// largeInput is from which size on, unpacked, inputs make a run in which memory is scarce.
const largeInput = 512 << 20

// spare has garbage collected at half the growth that Go's runtime would wait for, unless GOGC is set. With a million pairs
// it saves a sixth of the memory of a reward model and costs no time: what is large holds no pointers. Ten thousand small
// stages hold little else; there it would cost a sixth of the time.
func spare(plan *planner.Plan) {
	size := 0
	for _, files := range plan.Facts.Files {
		for _, f := range files {
			for _, s := range f.Segments {
				size += s.Size
			}
		}
	}
	if size >= largeInput {
		collectSooner()
	}
}

func collectSooner() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

// sizes are the units that a size may be given in. GB is 1,000,000,000 bytes, as everywhere in prefab.
var sizes = map[string]float64{
	"MB": 1e6, "GB": 1e9, "TB": 1e12, "M": 1e6, "G": 1e9, "T": 1e12, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40,
}

// parseSize reads a size such as 8GB, 512MB or 1.5 GiB.
func parseSize(text string) (int64, error) {
	at := strings.IndexFunc(text, func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
	if at >= 0 {
		unit, known := sizes[strings.ToUpper(strings.TrimSpace(text[at:]))]
		n, err := strconv.ParseFloat(text[:at], 64)
		if n *= unit; known && err == nil && n >= 1 && n < math.MaxInt64 {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("%q is no size: write one such as 8GB or 512MB", text)
}
