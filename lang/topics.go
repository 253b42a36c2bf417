package lang

import (
	"slices"

	"github.com/prefab-build/prefab/spec"
)

// A Topic is a page of the reference: a block that is no stage, or the attributes that all stages take. What it says of
// attributes is the schema that Load checks with.
type Topic struct {
	Name, Title, Doc string
	spec.BlockType   // the label, and the schema or the drivers
}

// Topics lists what a spec may hold besides the kinds of stages, by name.
func Topics(backends []spec.Driver) []Topic {
	block := func(name, label, title, doc string, s *spec.Schema) Topic {
		return Topic{name, title, doc, spec.BlockType{Name: name, Label: label, Schema: s}}
	}
	gate := *gateSchema
	for _, a := range metaArguments {
		if slices.Contains(gateMetas, a.Name) {
			gate.Attrs = append(gate.Attrs, a)
		}
	}
	device := block(backendBlock, "backend", "a device to compute on", backendDoc, nil)
	device.Drivers = backends
	return []Topic{
		block("arguments", "", "the attributes that every stage takes", argumentsDoc, &spec.Schema{Attrs: metaArguments}),
		device,
		block(cacheBlock, "", "where results are kept", cacheDoc, cacheSchema),
		block(executorBlock, "", "how much runs at once", executorDoc, executorSchema),
		block(gateBlock, "name", "conditions that must hold before what requires them runs", gateDoc, &gate),
		block(localsBlock, "", "values that several blocks share", localsDoc, localsSchema),
		block(outputBlock, "name", "a value to print at the end", outputDoc, outputSchema),
		block(projectBlock, "", "the seed and the profile", projectDoc, projectSchema),
		block(thresholdType.Name, thresholdType.Label, "a limit on one metric of the stage that it stands in", thresholdDoc, thresholdType.Schema),
		block(variableBlock, "name", "a value that is given from outside", variableDoc, variableSchema),
	}
}

const (
	argumentsDoc = `Every stage takes these besides the attributes of its kind; a gate takes for_each,
enabled, requires and description.

    export "by_part" {
      for_each = { train = split.main.train, held_out = split.main.validation }
      requires = [gate.ship]
      pairs    = each.value
      path     = "out/${each.key}.jsonl"
    }

None of them but seed and backend is in a stage's key: changing them runs
nothing again. A stage comes after another by reading one of its outputs; to
wait for what a stage measured, write a gate and require it.`

	backendDoc = `The neural reward model computes on a backend, which the spec declares and the
stage names.

    backend "xla" { device = "cpu" }

    reward_model "rm" {
      train   = split.main.train
      backend = backend.xla
      architecture "bag" {}
    }

prefab backend list says which of them work on this machine.`

	cacheDoc = `Results are kept in the user's cache folder, and all projects share them. This
puts them elsewhere; so does PREFAB_CACHE in the environment.

    cache { path = "/data/prefab" }`

	executorDoc = `    executor { parallelism = 4 }

Both are in no key, and results do not depend on them. A stage that would need
more memory than is left waits; one that needs more than there is at all runs
alone. The flags --jobs and --memory of prefab apply hold over them, and for the
memory PREFAB_MEMORY does.`

	gateDoc = `A gate is judged from measured numbers in every plan and every run, and guards what
names it in requires, with all that is behind that.

    gate "ship" {
      check "accuracy" {
        condition     = evaluate.rm.validation.accuracy >= 0.70
        error_message = "Only ${evaluate.rm.validation.accuracy}."
      }
    }

    export "train" {
      requires = [gate.ship]
      pairs    = split.main.train
      path     = "out/train.jsonl"
    }

A gate is no stage: it has no key and no outputs, and runs nothing. A check over a
metric that could not be measured is not evaluated, and does not pass. The profile
never changes a condition: for a limit that a kind documents, write a threshold
(prefab stages threshold).`

	localsDoc = `    locals {
      data = "data/2026-11"
      good = evaluate.rm.validation.accuracy_low >= 0.7
    }

Every attribute is a value of that name: local.data. One that reads metrics may be
used where metrics may stand: in gates, their messages, and outputs.`

	outputDoc = `    output "accuracy" { value = evaluate.rm.validation.accuracy }

Outputs are printed after each run; prefab output prints them from stored metrics.`

	projectDoc = `    project {
      seed    = 1729
      profile = "documented"
    }

The profile governs thresholds, and nothing else: the limit of one that gives none,
and which end of the 95 % interval is compared where it does not say. documented
takes the limits that prefab stages KIND lists, strict most of them of the
unfavourable end, and with permissive thresholds only warn. It never adds a check,
and never changes the condition of a gate.`

	thresholdDoc = `A threshold stands in a stage and limits one of the numbers that the stage measures,
which the label names; prefab stages KIND lists them.

    validate "quality" {
      pairs = deduplicate.unique.pairs
      threshold "pair_count" {} # the profile's limit
      threshold "gap" {
        min = 0.2
        end = "low"
      }
    }

One that does not pass keeps the exports behind the stage from being written, and
nothing else: the model and the report that say why are still made. The run ends
with exit code 3, also when no export is behind the stage. A threshold is in no
key, so changing one runs nothing. Limits are plain values; to compare two metrics,
write a gate.`

	variableDoc = `    variable "pairs_file" {
      type    = string
      default = "data/pairs.jsonl"
    }

var.pairs_file is its value: from PREFAB_VAR_pairs_file in the environment, then
from *.auto.prefabvars files, then from --var and --var-file in the order of the
command line; of two the later holds.`
)
