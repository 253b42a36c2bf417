package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/executor/stages"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

var cacheHelp = fmt.Sprintf("Look at the cache, collect its garbage, verify it, send it elsewhere, remove a row from it.\n\n"+
	"The cache keeps what stages made, for all projects of a user. What the last runs of each project need, the runs that "+
	"were kept (log --keep RUN), and what a running process uses is never removed. The rest goes when it was not used for "+
	"long, or when there is too much of it; apply sees to that once a day. A pipeline sets the limits:\n\n"+
	"    cache {\n"+
	"      max_gb   = %v   # the default\n"+
	"      max_days = %v   # the default\n"+
	"      gc       = true # false: only prefab cache gc removes\n"+
	"    }\n\n"+
	"The folder is that of the environment variable PREFAB_CACHE, or cache { path = \"...\" } of the pipeline in the "+
	"current folder, or prefab in the user's cache folder.", spec.CacheMaxGB, spec.CacheMaxDays)

func (a *app) cacheCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "Look at the cache, tidy it, verify it, send it, remove a row",
		Long:  cacheHelp,
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.cacheStatsCommand(), a.cacheGCCommand(), a.cachePurgeCommand(), a.cachePushCommand(), a.cacheVerifyCommand())
	return c
}

// A cacheView is the cache that a command is about, and the limits that hold for it.
type cacheView struct {
	*cas.Store
	limits gc.Limits

	mu     sync.Mutex // guards damage
	damage []cas.Damage
}

// openCache opens the cache of the pipeline in the current folder, or that of the user where there is none. Problems of the
// spec are for other commands: what its block cache says is all that matters here.
func (a *app) openCache(ctx context.Context, f *limitFlags) (*cacheView, error) {
	var p *spec.Pipeline
	if found, err := filepath.Glob(filepath.Join(a.dir, "*.prefab.hcl*")); err == nil && len(found) > 0 {
		var diags diag.List
		p, _, diags = lang.LoadSound(ctx, a.dir, lang.Options{
			Kinds: kindSpecs(stages.All()), Backends: backendDrivers, Environ: os.LookupEnv, Version: Version,
		})
		if p == nil || slices.ContainsFunc(diags, func(d diag.Diagnostic) bool { return d.Block == "cache" }) {
			a.view.Warning("The settings of the block cache cannot be read: prefab validate says why. The defaults hold.")
			p = nil // half a setting may be a limit of nothing
		}
	}
	dir, err := a.cacheDir(p)
	if err != nil {
		return nil, err
	}
	c := &cacheView{limits: limitsOf(p)}
	if f != nil {
		f.over(&c.limits)
	}
	opts := cas.Options{Now: a.now, Report: c.report}
	c.Store, err = cas.Open(dir, opts)
	if errors.As(err, new(*cas.FolderError)) && cas.Exists(dir) {
		opts.ReadOnly = true // it can be looked at
		c.Store, err = cas.Open(dir, opts)
	}
	if err != nil {
		return nil, err
	}
	a.atEnd(func() { _ = c.Store.Close() })
	return c, nil
}

// report collects what is damaged.
func (c *cacheView) report(d cas.Damage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.damage = append(c.damage, d)
}

// limitsOf turns the settings of a pipeline into limits.
func limitsOf(p *spec.Pipeline) gc.Limits {
	var project *spec.Project
	if p != nil {
		project = &p.Project
	}
	s := project.Limits()
	return gc.Limits{MaxBytes: int64(s.MaxGB * 1e9), MaxAge: time.Duration(s.MaxDays * float64(24*time.Hour))}
}

// limitFlags are the limits that a command line gives.
type limitFlags struct{ gb, days float64 }

func (f *limitFlags) register(c *cobra.Command) {
	c.Flags().Float64Var(&f.gb, "max-gb", -1, "remove what exceeds `N` gigabytes (default: the pipeline's max_gb, or "+fmt.Sprint(spec.CacheMaxGB)+")")
	c.Flags().Float64Var(&f.days, "max-days", -1, "remove what was not used for `N` days (default: the pipeline's max_days, or "+fmt.Sprint(spec.CacheMaxDays)+")")
	c.Flags().Lookup("max-gb").DefValue, c.Flags().Lookup("max-days").DefValue = "0", "0" // which help takes for none
}

func (f *limitFlags) over(l *gc.Limits) {
	if f.gb >= 0 {
		l.MaxBytes = int64(f.gb * 1e9)
	}
	if f.days >= 0 {
		l.MaxAge = time.Duration(f.days * float64(24*time.Hour))
	}
}

func (a *app) cacheStatsCommand() *cobra.Command {
	var f limitFlags
	c := &cobra.Command{
		Use:   "stats",
		Short: "Show what lies in the cache, and what gc would free",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.openCache(cmd.Context(), &f)
			if err != nil {
				return err
			}
			st, err := gc.Measure(cmd.Context(), s.Store, s.limits, a.now())
			if err != nil {
				return err
			}
			a.view.CacheStats(st, a.now())
			return nil
		},
	}
	f.register(c)
	return c
}

func (a *app) cacheGCCommand() *cobra.Command {
	var f limitFlags
	c := &cobra.Command{
		Use:   "gc",
		Short: "Remove from the cache what is not needed and exceeds the limits",
		Long: "Remove from the cache what is not needed and exceeds the limits. It never removes what a project's last run, a " +
			"kept run or a running process needs, and may run at any time. --max-gb 0 removes all else.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.openCache(cmd.Context(), &f)
			if err != nil {
				return err
			}
			r, err := gc.Collect(cmd.Context(), s.Store, s.limits, a.now())
			if errors.Is(err, gc.ErrBusy) {
				return fmt.Errorf("%w: there is nothing to do", err)
			}
			if err != nil {
				return err
			}
			a.view.Collected(r, s.limits)
			return nil
		},
	}
	f.register(c)
	return c
}

func (a *app) cacheVerifyCommand() *cobra.Command {
	var sample string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Read everything in the cache and set aside what is damaged",
		Long: "Read everything in the cache and set aside what is damaged. What was lost is made again by the next apply of " +
			"the projects that need it.\n\n" +
			"Exit codes: 0 everything is sound, 1 an error, 6 something was damaged or lost.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			share, err := shareOf(sample)
			if err != nil {
				return err
			}
			s, err := a.openCache(cmd.Context(), nil)
			if err != nil {
				return err
			}
			began := a.now()
			checked, err := gc.Check(cmd.Context(), s.Store, share, rand.New(rand.NewPCG(uint64(began.UnixNano()), 0)).Float64())
			if err != nil {
				return err
			}
			a.view.CacheVerified(checked, s.damage, a.now().Sub(began))
			if checked.Damaged > 0 || checked.Lost > 0 || len(s.damage) > 0 {
				return codeError(exitDamage)
			}
			return nil
		},
	}
	c.Flags().StringVar(&sample, "sample", "100%", "verify only this `SHARE` of the blobs, another one each time, as in 5% or 0.05")
	return c
}

// shareOf reads a share, "5%" or "0.05".
func shareOf(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x > 0 && x <= 1) {
		return 0, fmt.Errorf("--sample %s: a share is above 0 and up to 100%%, as in 5%% or 0.05", text)
	}
	return x, nil
}
