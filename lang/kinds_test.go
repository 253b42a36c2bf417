package lang

import (
	"encoding/json"
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// testKinds are kinds with the shapes that the real ones have: sources with drivers, references one, listed and
// mapped, row expressions, bounds, enums, metrics that depend on the config, taints.
func testKinds() []spec.KindSpec {
	return []spec.KindSpec{
		datasetKind(), benchmarkKind(), decontaminateKind(), validateKind(), splitKind(), rewardKind(), evaluateKind(),
		filterKind(), exportKind(), commandKind(),
	}
}

func testBackends() []spec.Driver {
	return []spec.Driver{
		{Label: "cpu", Doc: "the portable backend"},
		{Label: "xla", Doc: "compiled kernels", Schema: spec.Schema{Attrs: []spec.Attr{
			{Name: "device", Type: spec.TypeString, Default: "cpu", Values: []string{"cpu", "cuda"}},
			{Name: "plugin", Type: spec.TypeString, Unkeyed: true, Path: true},
		}}},
	}
}

func ref(name string, t spec.Artifact, shape spec.Shape, required bool) spec.Attr {
	return spec.Attr{Name: name, Type: spec.TypeReference, Artifact: t, Shape: shape, Required: required}
}

func sourceBlock(min int) spec.BlockType {
	file := spec.Schema{Attrs: []spec.Attr{
		{Name: "path", Type: spec.TypeString, Required: true, Unkeyed: true, Path: true, Doc: "file or glob"},
		{Name: "map", Type: spec.TypeRowMap},
		{Name: "pin", Type: spec.TypeBool, Default: false, Unkeyed: true},
		{Name: "comma", Type: spec.TypeString, Default: ","},
	}}
	return spec.BlockType{
		Name: "source", Label: "format", Min: min, Doc: "where the rows come from",
		Drivers: []spec.Driver{
			{Label: "jsonl", Schema: file},
			{Label: "hh-rlhf", Schema: file},
			{Label: "synthetic", Schema: spec.Schema{Attrs: []spec.Attr{
				{Name: "rows", Type: spec.TypeInt, Default: 100.0, Min: spec.F(1), Max: spec.F(1e6), Unit: "rows"},
			}}},
		},
	}
}

func metric(name string, interval bool) spec.MetricDef {
	return spec.MetricDef{Name: name, Unit: "share", Min: spec.F(0), Max: spec.F(1), Interval: interval, Limits: map[string]spec.Limit{"documented": {Min: spec.F(0.7)}}}
}

func datasetKind() spec.KindSpec {
	return spec.KindSpec{
		Name: "dataset",
		Schema: spec.Schema{
			Attrs:  []spec.Attr{{Name: "key", Type: spec.TypeRowExpr}, {Name: "max_record_bytes", Type: spec.TypeInt, Default: 67108864.0, Unit: "bytes"}},
			Blocks: []spec.BlockType{sourceBlock(1)},
		},
		Ports: func(c spec.Config) spec.Ports {
			out := spec.Ports{
				Out:     []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs}},
				Metrics: []spec.MetricDef{{Name: "rows", Unit: "rows", Min: spec.F(0), Integer: true}},
			}
			var cfg struct {
				Source []struct{ Map map[string]json.RawMessage }
			}
			if c.Decode(&cfg) == nil && len(cfg.Source) > 0 && cfg.Source[0].Map["label"] != nil {
				out.Out[0] = spec.OutPort{Name: "votes", Artifact: spec.Votes}
			}
			return out
		},
	}
}

func benchmarkKind() spec.KindSpec {
	return spec.KindSpec{
		Name:   "benchmark",
		Schema: spec.Schema{Blocks: []spec.BlockType{sourceBlock(1)}},
		Ports: func(spec.Config) spec.Ports {
			return spec.Ports{Out: []spec.OutPort{{Name: "items", Artifact: spec.Items}}}
		},
	}
}

func decontaminateKind() spec.KindSpec {
	return spec.KindSpec{
		Name: "decontaminate",
		Schema: spec.Schema{Attrs: []spec.Attr{
			ref("pairs", spec.Pairs, spec.One, true), ref("against", spec.Items, spec.List, true),
			{Name: "ngram", Type: spec.TypeInt, Default: 8.0, Min: spec.F(3), Max: spec.F(50), Unit: "words"},
			{Name: "action", Type: spec.TypeString, Default: "remove", Values: []string{"remove", "mark"}},
			{Name: "allow", Type: spec.TypeObjectList},
		}},
		Ports: func(spec.Config) spec.Ports {
			return spec.Ports{
				In:      []spec.InPort{{Name: "pairs", Artifact: spec.Pairs, Shape: spec.One, Mapped: true}, {Name: "against", Artifact: spec.Items, Shape: spec.List}},
				Out:     []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs, From: "pairs"}},
				Metrics: []spec.MetricDef{metric("decontamination", false)},
			}
		},
	}
}

func validateKind() spec.KindSpec {
	return spec.KindSpec{
		Name:   "validate",
		Schema: spec.Schema{Attrs: []spec.Attr{ref("pairs", spec.Pairs, spec.One, true)}},
		Ports: func(spec.Config) spec.Ports {
			return spec.Ports{
				Out:     []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs, From: "pairs"}},
				Metrics: []spec.MetricDef{{Name: "pair_count", Unit: "rows", Min: spec.F(0), Integer: true}},
			}
		},
	}
}

func splitKind() spec.KindSpec {
	return spec.KindSpec{
		Name: "split",
		Schema: spec.Schema{Attrs: []spec.Attr{
			ref("pairs", spec.Pairs, spec.One, true),
			{Name: "ratios", Type: spec.TypeNumberMap, Required: true, Keys: []string{"train", "validation", "test"}, Min: spec.F(0), Max: spec.F(1), Doc: "the share of each part"},
			{Name: "stratify", Type: spec.TypeStringList, Values: []string{"turns", "length", "category"}},
			{Name: "group_by", Type: spec.TypeString, Default: "prompt", Values: []string{"prompt", "similar_prompts"}},
		}},
		Ports: func(c spec.Config) spec.Ports {
			var cfg struct{ Ratios map[string]float64 }
			if _ = c.Decode(&cfg); cfg.Ratios == nil {
				cfg.Ratios = map[string]float64{"train": 1, "validation": 0, "test": 0}
			}
			var out spec.Ports
			for _, part := range []string{"train", "validation", "test"} {
				if _, ok := cfg.Ratios[part]; ok {
					o := spec.OutPort{Name: part, Artifact: spec.Pairs, From: "pairs", Taint: part}
					if part == "train" {
						o.Taint, o.Clean = "", true
					}
					out.Out = append(out.Out, o)
				}
			}
			return out
		},
		Check: func(c spec.Config) []spec.Problem {
			var cfg struct{ Ratios map[string]float64 }
			_ = c.Decode(&cfg)
			sum := 0.0
			for _, r := range cfg.Ratios {
				sum += r
			}
			if sum < 0.999 || sum > 1.001 {
				return []spec.Problem{{Path: []string{"ratios"}, Summary: "Ratios do not sum to 1", Detail: "The ratios must sum to 1."}}
			}
			return nil
		},
	}
}

func rewardKind() spec.KindSpec {
	return spec.KindSpec{
		Name: "reward_model",
		Schema: spec.Schema{
			Attrs: []spec.Attr{
				ref("train", spec.Pairs, spec.One, true), ref("validation", spec.Pairs, spec.One, false),
				{Name: "cross_fit", Type: spec.TypeInt, Min: spec.F(2)},
			},
			Blocks: []spec.BlockType{{
				Name: "architecture", Label: "architecture", Min: 1, Max: 1,
				Drivers: []spec.Driver{
					{Label: "linear", Schema: spec.Schema{Attrs: []spec.Attr{{Name: "ngrams", Type: spec.TypeIntList, Default: []any{1.0, 2.0}, Min: spec.F(1)}}}},
					{Label: "bag"},
				},
			}},
		},
		Ports: func(c spec.Config) spec.Ports {
			out := spec.Ports{
				In: []spec.InPort{
					{Name: "train", Artifact: spec.Pairs, Shape: spec.One, Training: true}, {Name: "validation", Artifact: spec.Pairs, Shape: spec.One, Optional: true, Apart: "train"},
				},
				Out: []spec.OutPort{{Name: "model", Artifact: spec.Model, Clean: true}},
			}
			var cfg struct {
				CrossFit int `json:"cross_fit"`
			}
			if c.Decode(&cfg) == nil && cfg.CrossFit > 0 {
				out.Out = append(out.Out, spec.OutPort{Name: "out_of_fold", Artifact: spec.Scores, Clean: true})
			}
			return out
		},
	}
}

func evaluateKind() spec.KindSpec {
	return spec.KindSpec{
		Name:   "evaluate",
		Schema: spec.Schema{Attrs: []spec.Attr{ref("model", spec.Model, spec.One, true), ref("on", spec.Pairs, spec.Map, true)}},
		Ports: func(c spec.Config) spec.Ports {
			var cfg struct{ On []string }
			_ = c.Decode(&cfg)
			out := spec.Ports{In: []spec.InPort{
				{Name: "model", Artifact: spec.Model, Shape: spec.One}, {Name: "on", Artifact: spec.Pairs, Shape: spec.Map, Unseen: "model"},
			}}
			for _, name := range cfg.On {
				out.Metrics = append(out.Metrics, metric(name+".accuracy", true), metric(name+".ties", false))
			}
			return out
		},
	}
}

func filterKind() spec.KindSpec {
	return spec.KindSpec{
		Name: "filter",
		Schema: spec.Schema{Attrs: []spec.Attr{
			ref("pairs", spec.Pairs, spec.One, true), ref("scores", spec.Scores, spec.One, false),
			{Name: "min_probability", Type: spec.TypeNumber, Min: spec.F(0), Max: spec.F(1)},
			{Name: "where", Type: spec.TypeRowExpr},
		}},
		Ports: func(spec.Config) spec.Ports {
			return spec.Ports{Out: []spec.OutPort{{Name: "pairs", Artifact: spec.Pairs, From: "pairs"}}}
		},
	}
}

func exportKind() spec.KindSpec {
	return spec.KindSpec{
		Name: "export",
		Schema: spec.Schema{Attrs: []spec.Attr{
			ref("pairs", spec.Pairs, spec.One, true),
			{Name: "format", Type: spec.TypeString, Required: true, Values: []string{"csv", "jsonl", "parquet", "trl"}},
			{Name: "path", Type: spec.TypeString, Required: true, Unkeyed: true, Path: true},
			{Name: "labels", Type: spec.TypeStringMap},
		}},
		Ports: func(spec.Config) spec.Ports {
			return spec.Ports{Out: []spec.OutPort{{Name: "report", Artifact: spec.Report}}}
		},
		Places: true,
	}
}

func commandKind() spec.KindSpec {
	return spec.KindSpec{
		Name: "command",
		Schema: spec.Schema{Attrs: []spec.Attr{
			ref("inputs", spec.Pairs, spec.Map, false),
			{Name: "program", Type: spec.TypeStringList, Required: true},
			{Name: "weights", Type: spec.TypeNumberList},
			{Name: "offset", Type: spec.TypeNumber},
			{Name: "strict", Type: spec.TypeBool},
			{Name: "api_key_env", Type: spec.TypeString, Unkeyed: true},
		}},
		Ports: func(c spec.Config) spec.Ports {
			var cfg struct{ Inputs []string }
			_ = c.Decode(&cfg)
			var out spec.Ports
			for _, name := range slices.Sorted(slices.Values(cfg.Inputs)) {
				out.Out = append(out.Out, spec.OutPort{Name: name, Artifact: spec.Pairs})
			}
			return out
		},
	}
}
