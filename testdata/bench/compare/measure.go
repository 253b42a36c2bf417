package compare

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Usage is what a command and the processes that it waited for took. CPU is user and system time together.
type Usage struct {
	CPU, Wall time.Duration
	Peak      int64 // bytes, of the largest process
	Floor     int64 // bytes; a smaller peak cannot be seen
}

// Measure runs a command. Its error has the last lines of what the command said.
func Measure(c *exec.Cmd) (Usage, error) {
	var said bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &said
	}
	if c.Stderr == nil {
		c.Stderr = &said
	}
	// Whoever inherits the output and outlives the command is not waited for.
	c.WaitDelay = 2 * time.Second
	least := floor()
	start := time.Now()
	err := c.Run()
	wall := time.Since(start)
	if c.ProcessState == nil {
		return Usage{}, err
	}
	u := Usage{CPU: c.ProcessState.UserTime() + c.ProcessState.SystemTime(), Wall: wall, Peak: resident(c.ProcessState), Floor: least}
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", c.Args[0], err, tail(said.String(), 3))
	}
	return u, err
}

// tail is the last lines of a text, in one.
func tail(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " / ")
}

// A job is a command that is measured several times in turn with others.
type job struct {
	tool string
	dir  string
	env  []string
	argv []string
	// prepare comes before each run and is in no figure; check looks at what the run left, and what it printed.
	prepare func() error
	check   func(out string) error
	most    int           // runs, where it is too slow for as many as the others; 0 is no limit
	limit   time.Duration // 0 is ten minutes
}

// A series is the runs of one job.
type series struct {
	tool string
	runs []Usage
	out  string // of the last run
	err  error  // of the first run that failed; there are none after it
}

// turns runs the jobs n times, each once before any is run again, so that what else the machine does falls on all.
func turns(ctx context.Context, n int, jobs []job) []series {
	out := make([]series, len(jobs))
	for turn := range n {
		for i, j := range jobs {
			s := &out[i]
			s.tool = j.tool
			if s.err != nil || (j.most > 0 && turn >= j.most) {
				continue
			}
			u, said, err := j.run(ctx)
			if err != nil {
				s.err = err
				continue
			}
			s.runs, s.out = append(s.runs, u), said
		}
	}
	return out
}

func (j job) run(ctx context.Context) (Usage, string, error) {
	if j.prepare != nil {
		if err := j.prepare(); err != nil {
			return Usage{}, "", err
		}
	}
	limit := j.limit
	if limit == 0 {
		limit = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(ctx, j.argv[0], j.argv[1:]...)
	c.Dir = j.dir
	c.Env = append(os.Environ(), j.env...)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	u, err := Measure(c)
	if err != nil {
		return u, "", fmt.Errorf("%w %s", err, tail(said.String(), 3))
	}
	if j.check != nil {
		if err := j.check(said.String()); err != nil {
			return u, "", fmt.Errorf("%s did other work: %w", j.tool, err)
		}
	}
	return u, said.String(), nil
}

// Spread is the least, the median and the greatest of some figures.
type Spread struct{ Min, Median, Max float64 }

// SpreadOf takes the figures of runs, of which there is at least one.
func SpreadOf(runs []Usage, figure func(Usage) float64) Spread {
	list := make([]float64, len(runs))
	for i, u := range runs {
		list[i] = figure(u)
	}
	slices.Sort(list)
	n := len(list)
	return Spread{list[0], (list[(n-1)/2] + list[n/2]) / 2, list[n-1]}
}

func cpu(u Usage) float64  { return u.CPU.Seconds() }
func wall(u Usage) float64 { return u.Wall.Seconds() }
