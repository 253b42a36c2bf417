package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/executor/history"
	"github.com/prefab-build/prefab/planner"
	"github.com/prefab-build/prefab/spec"
)

// A recording writes one run into the history.
type recording struct {
	rec  *history.Recorder
	plan *planner.Plan
	log  []history.LogLine
}

// event keeps what stages write.
func (r *recording) event(e executor.Event) {
	if e.Type == "log" {
		r.log = append(r.log, history.LogLine{Addr: e.Addr, Time: e.Time, Text: e.Text})
	}
}

func (s *session) record(ctx context.Context, plan *planner.Plan) (*recording, error) {
	rec, err := s.history.Begin(ctx, history.Run{
		Start: s.now(), Command: strings.Join(s.commandLine()[1:], " "), Prefab: Version,
		Spec: spec.HashBytes(spec.Canonical(plan.Pipeline)), Limit: plan.Options.Limit,
	})
	if err != nil {
		return nil, fmt.Errorf("recording the run: %w", err)
	}
	if err := s.mark(plan, rec.ID(), "began"); err != nil {
		return nil, err
	}
	return &recording{rec: rec, plan: plan}, nil
}

// mark changes the marker, so that no answer is given from memory that compares with a run before this one.
func (s *session) mark(plan *planner.Plan, run int64, what string) error {
	if plan.Options.Limit > 0 {
		return nil // no plan compares with a trial
	}
	text := fmt.Sprintf("run %d %s at %s\n", run, what, s.now().UTC().Format(time.RFC3339Nano))
	return os.WriteFile(markerPath(s.dir), []byte(text), 0o644)
}

// finish records what every node came to, which files were read and what was judged.
func (r *recording) finish(ctx context.Context, out *executor.Outcome, code int, now time.Time) error {
	nodes := make([]history.Node, 0, len(out.Nodes))
	for _, o := range out.Nodes {
		n := history.Node{
			Run: r.rec.ID(), Addr: o.Node.Addr, Kind: o.Node.Kind, State: string(o.State), BaseDigest: o.Node.BaseDigest,
			Base: o.Node.Base, Duration: o.Elapsed, Message: o.Reason,
		}
		for _, in := range o.Node.Inputs {
			n.Reads = append(n.Reads, history.Read{Port: in.Port, Member: in.Member, Addr: r.plan.Nodes[in.Node].Addr, From: in.From})
		}
		if o.Key != nil {
			n.Inputs, n.InputsDigest = o.Key.Inputs, o.Key.InputsDigest
		}
		if o.Result != nil {
			n.Metrics, n.RowsIn = o.Result.Metrics, o.Result.Counts.In
			for _, rows := range o.Result.Counts.Out {
				n.RowsOut += rows
			}
		}
		nodes = append(nodes, n)
	}
	if err := r.rec.Nodes(ctx, nodes...); err != nil {
		return err
	}
	if err := r.rec.Logs(ctx, r.log); err != nil {
		return err
	}
	read := make(map[string][]history.File, len(r.plan.Facts.Files))
	for addr, files := range r.plan.Facts.Files {
		list := make([]history.File, 0, len(files))
		for _, f := range files {
			var size int64
			for _, seg := range f.Segments {
				size += int64(seg.Size)
			}
			list = append(list, history.File{Path: f.Path, Size: size, Digest: planner.FileDigest(f), Records: f.Records()})
		}
		read[addr] = list
	}
	if err := r.rec.Files(ctx, read); err != nil {
		return err
	}
	if err := r.rec.Verdicts(ctx, out.Verdicts); err != nil {
		return err
	}
	return r.rec.End(ctx, now, code, fmt.Sprintf("exit code %d", code))
}

// commandLine is what the process was started with, without the values of sensitive variables: it is kept and shown.
func (s *session) commandLine() []string {
	args := slices.Clone(os.Args)
	if s.pipeline == nil {
		return args[:1] // a command that is answered from memory does not read what is sensitive
	}
	for i, arg := range args {
		given, flag := strings.TrimPrefix(arg, "--var="), ""
		switch {
		case given != arg:
			flag = "--var="
		case i == 0 || args[i-1] != "--var":
			continue
		}
		name, _, _ := strings.Cut(given, "=")
		if slices.ContainsFunc(s.pipeline.Variables, func(v spec.Variable) bool { return v.Name == name && v.Sensitive }) {
			args[i] = flag + name + "=(sensitive)"
		}
	}
	return args
}
