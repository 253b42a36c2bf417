package rewardmodel

import (
	"github.com/prefab-build/prefab/backends/reward/bag"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/spec"
)

var schema = spec.Schema{
	Attrs: []spec.Attr{
		{Name: "train", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Required: true, Doc: "the pairs to learn from"},
		{Name: "validation", Type: spec.TypeReference, Artifact: spec.Pairs, Shape: spec.One, Doc: "the pairs by which a neural model stops early"},
		{
			Name: "cross_fit", Type: spec.TypeInt, Default: 5.0, Min: spec.F(0), Max: spec.F(20), Unit: "folds",
			Doc: "into how many folds of whole groups the training rows are divided, to choose the penalty and to score them out of fold; 0 for none (bag only)",
		},
		{
			Name: "similarity", Type: spec.TypeNumber, Default: 0.7, Min: spec.F(0.05), Max: spec.F(1), Unit: "Jaccard index",
			Doc: "from which similarity two prompts are in one group",
		},
		{Name: "learning_curve", Type: spec.TypeBool, Default: false, Doc: "measure the accuracy at smaller sizes of the training set (linear)"},
		{
			Name: "permutation_null", Type: spec.TypeInt, Default: 0.0, Min: spec.F(0), Max: spec.F(100), Unit: "draws",
			Doc: "how often to train on labels that are flipped at random by group (linear)",
		},
	},
	Blocks: []spec.BlockType{{
		Name: "architecture", Label: "architecture", Max: 1, Doc: "what kind of model; linear when there is none",
		Drivers: []spec.Driver{
			{Label: linear.Architecture, Doc: "sparse linear on TF-IDF n-grams, in seconds on a CPU", Schema: linearSchema()},
			{Label: bag.Architecture, Doc: "hashed n-gram embeddings and a small network, on any backend", Schema: bagSchema()},
		},
	}},
}

func floats[T int | float64](list []T) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = float64(x)
	}
	return out
}

func linearSchema() spec.Schema {
	d := linear.Defaults()
	return spec.Schema{Attrs: []spec.Attr{
		{Name: "ngrams", Type: spec.TypeIntList, Default: floats(d.Ngrams), Unit: "words", Doc: "lengths of the word n-grams"},
		{Name: "char_ngrams", Type: spec.TypeIntList, Default: floats(d.CharNgrams), Unit: "characters", Doc: "lengths of the character n-grams; they cost three times what words do"},
		{Name: "lead", Type: spec.TypeBool, Default: d.Lead, Doc: "features of the first one, two and three words"},
		{Name: "interactions", Type: spec.TypeBool, Default: d.Interactions, Doc: "features of what response and prompt have to do with each other: overlap, length, questions; without them the model never sees the prompt"},
		{Name: "min_df", Type: spec.TypeInt, Default: float64(d.MinDF), Unit: "responses", Doc: "in how many responses an n-gram must occur"},
		{Name: "penalties", Type: spec.TypeNumberList, Default: floats(d.Penalties), Doc: "the L2 penalties to choose from; one value fixes it"},
		{Name: "penalty_pairs", Type: spec.TypeInt, Default: float64(d.PenaltyPairs), Unit: "pairs", Doc: "how many pairs the choice of the penalty looks at"},
		{Name: "tolerance", Type: spec.TypeNumber, Default: d.Tolerance, Unit: "nats", Doc: "how far above its minimum the loss may end"},
		{Name: "max_iterations", Type: spec.TypeInt, Default: float64(d.MaxIterations), Doc: "when a fit that does not converge ends"},
	}}
}

func bagSchema() spec.Schema {
	d := bag.Defaults()
	return spec.Schema{Attrs: []spec.Attr{
		{Name: "buckets", Type: spec.TypeInt, Default: float64(d.Buckets), Doc: "size of the table that n-grams are hashed into, a power of two"},
		{Name: "max_ngram", Type: spec.TypeInt, Default: float64(d.MaxNgram), Unit: "words", Doc: "length of the longest n-gram"},
		{Name: "width", Type: spec.TypeInt, Default: float64(d.Width), Doc: "length of an n-gram's vector"},
		{Name: "hidden", Type: spec.TypeInt, Default: float64(d.Hidden), Doc: "hidden units"},
		{Name: "batch_size", Type: spec.TypeInt, Default: float64(d.BatchSize), Unit: "pairs", Doc: "pairs a step"},
		{Name: "epochs", Type: spec.TypeInt, Default: float64(d.Epochs), Doc: "how often every pair is seen at most"},
		{Name: "learning_rate", Type: spec.TypeNumber, Default: d.LearningRate, Doc: "largest rate of AdamW, after the warm-up"},
		{Name: "warmup", Type: spec.TypeNumber, Default: d.Warmup, Unit: "share of steps", Doc: "over which the rate rises"},
		{Name: "weight_decay", Type: spec.TypeNumber, Default: d.WeightDecay, Doc: "AdamW's, on all weights but the biases"},
		{Name: "evaluations", Type: spec.TypeInt, Default: float64(d.Evaluations), Doc: "looks at the validation part in an epoch"},
		{Name: "patience", Type: spec.TypeInt, Default: float64(d.Patience), Doc: "looks without a better model that end training; 0 trains all epochs"},
	}}
}
