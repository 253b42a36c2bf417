// Package bag is a small neural reward model: words and word pairs are hashed into a table of learned vectors, a
// prompt and a response are each the scaled mean of theirs, and a network of one hidden layer turns response, prompt and
// their product into a score. It is trained on pairs with the Bradley-Terry loss, on any device that package backends opens,
// and stops when the log-loss on held-out pairs does.
//
// It is for whoever wants a neural baseline in seconds, and it is the smallest model that uses all of a backend. It
// knows which words and neighbours occur and how often, and nothing else of their order. It does not replace a
// transformer; on few pairs the linear architecture is as good and faster.
//
// The same pairs, configuration and device class give the same bytes, whatever the order of the rows; a run that was
// cut off and resumed from its checkpoint gives them too.
package bag

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Architecture is the name in pipeline files and in config.json.
const Architecture = "bag"

// Version names the method in cache keys: it moves when the same pairs give another model.
const Version = "bag/1"

// Config says how large the model is and how it is trained. Its JSON form is stored with the model.
type Config struct {
	// Buckets is the size of the table that n-grams are hashed into: a power of two from 256 to 65,536. Time per step
	// grows with it.
	Buckets int `json:"buckets"`
	// MaxNgram is the length in words of the longest n-gram, 1 to 4; all shorter ones count too.
	MaxNgram int `json:"max_ngram"`
	// Width is the length of a bucket's vector, 1 to 1024.
	Width int `json:"width"`
	// Hidden is the number of hidden units, 1 to 4096.
	Hidden int `json:"hidden"`
	// BatchSize is in pairs, 1 to 4096.
	BatchSize int `json:"batch_size"`
	// Epochs is how often every pair is seen at most, 1 to 1000.
	Epochs int `json:"epochs"`
	// LearningRate is the largest rate of AdamW, above 0 and up to 1. It is reached after Warmup and then falls along a
	// cosine to a tenth.
	LearningRate float64 `json:"learning_rate"`
	// Warmup is the share of all steps over which the rate rises, 0 up to 1.
	Warmup float64 `json:"warmup"`
	// WeightDecay is AdamW's, 0 to 1: per step each weight but the biases shrinks by this times the learning rate.
	WeightDecay float64 `json:"weight_decay"`
	// Evaluations is how often in an epoch the log-loss on the validation pairs is taken, 1 to 1000. The best model
	// seen is the one that is kept.
	Evaluations int `json:"evaluations"`
	// Patience ends training after that many evaluations without a better one; 0 trains all epochs.
	Patience int `json:"patience"`
	// Seed draws the first weights and the order of the pairs.
	Seed uint64 `json:"seed"`
}

// Defaults returns the configuration of an empty architecture block.
func Defaults() Config {
	return Config{
		Buckets:      8192,
		MaxNgram:     2,
		Width:        32,
		Hidden:       64,
		BatchSize:    32,
		Epochs:       8,
		LearningRate: 0.003,
		Warmup:       0.03,
		WeightDecay:  0.01,
		Evaluations:  2,
		Patience:     4,
	}
}

// maxBatch bounds the input of a training step, in MB; with the tensors made of it, it is held about three times.
const maxBatch = 512

// Problem is a fault of one attribute of a configuration.
type Problem struct {
	// Attribute is the JSON name of the attribute.
	Attribute string
	// Text says what is wrong and what would be right.
	Text string
}

func (p Problem) Error() string { return p.Attribute + ": " + p.Text }

// Check lists all that is wrong with a configuration.
func (c Config) Check() []Problem {
	var found []Problem
	whole := func(attribute string, n, least, most int) {
		if n < least || n > most {
			found = append(found, Problem{attribute, fmt.Sprintf("%d is not a number from %d to %d", n, least, most)})
		}
	}
	share := func(attribute string, x float64, open bool) {
		if math.IsNaN(x) || x < 0 || x > 1 || open && x == 0 {
			found = append(found, Problem{attribute, fmt.Sprintf("%g is not between 0 and 1", x)})
		}
	}
	if c.Buckets < 256 || c.Buckets > 65536 || bits.OnesCount(uint(c.Buckets)) != 1 {
		found = append(found, Problem{"buckets", fmt.Sprintf("%d is not a power of two from 256 to 65536", c.Buckets)})
	}
	whole("max_ngram", c.MaxNgram, 1, 4)
	whole("width", c.Width, 1, 1024)
	whole("hidden", c.Hidden, 1, 4096)
	whole("batch_size", c.BatchSize, 1, 4096)
	if mb := c.Buckets / 1024 * c.BatchSize * 3 * 4 / 1024; c.Buckets <= 65536 && c.BatchSize <= 4096 && mb > maxBatch {
		found = append(found, Problem{"batch_size", fmt.Sprintf("%d pairs over %d buckets make an input of %d MB; lower one of them until it is %d MB or less", c.BatchSize, c.Buckets, mb, maxBatch)})
	}
	whole("epochs", c.Epochs, 1, 1000)
	share("learning_rate", c.LearningRate, true)
	share("warmup", c.Warmup, false)
	share("weight_decay", c.WeightDecay, false)
	whole("evaluations", c.Evaluations, 1, 1000)
	whole("patience", c.Patience, 0, math.MaxInt32)
	return found
}

// check is Check as one error, for callers that were handed a configuration that nobody checked.
func (c Config) check() error {
	var errs []error
	for _, p := range c.Check() {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// shapes are the parameters' shapes, in the order in which they are stored.
func (c Config) shapes() []shape {
	return []shape{
		{"embedding", []int{c.Buckets, c.Width}},
		{"hidden.weight", []int{c.Hidden, 3 * c.Width}},
		{"hidden.bias", []int{c.Hidden}},
		{"head.weight", []int{c.Hidden}},
	}
}

// A shape is one parameter's name and lengths.
type shape struct {
	name string
	dims []int
}

func (s shape) size() int {
	n := 1
	for _, d := range s.dims {
		n *= d
	}
	return n
}

// decays says whether weight decay applies: to all but biases.
func (s shape) decays() bool { return s.name != "hidden.bias" }
