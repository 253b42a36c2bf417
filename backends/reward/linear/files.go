package linear

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prefab-build/prefab/backends/reward"
)

// formatVersion is raised when the stored form or the meaning of a feature
// changes.
const formatVersion = 1

// stored is config.json.
type stored struct {
	Architecture string   `json:"architecture"`
	Version      int      `json:"version"`
	Render       string   `json:"render"`
	Tokens       string   `json:"tokens"`
	Config       Config   `json:"config"`
	Interactions []string `json:"interactions"`
	Features     int      `json:"features"`
	Pairs        int      `json:"pairs"`
	Documents    int      `json:"documents"`
	Penalty      float64  `json:"penalty"`
	Temperature  float64  `json:"temperature,omitzero"`
	Iterations   int      `json:"iterations"`
	Loss         float64  `json:"loss"`
	GradientNorm float64  `json:"gradient_norm"`
	Converged    bool     `json:"converged"`
}

// Names of the tensors.
const (
	tensorHash        = "ngram.hash"
	tensorDF          = "ngram.document_frequency"
	tensorShape       = "ngram.shape"
	tensorWeight      = "ngram.weight"
	tensorImpact      = "ngram.impact"
	tensorText        = "ngram.text"
	tensorTextEnd     = "ngram.text_end"
	tensorDenseScale  = "interaction.scale"
	tensorDenseWeight = "interaction.weight"
	tensorDenseImpact = "interaction.impact"
)

// Files returns the stored form of the model: its numbers and the texts of its
// n-grams as tensors, the rest as JSON. Equal models give equal bytes.
func (m *Model) Files() (reward.Files, error) {
	n, d := len(m.hashes), len(m.denseWeight)
	numbers, err := reward.EncodeTensors(reward.TensorFile{Tensors: []reward.Tensor{
		reward.NewTensor(tensorHash, m.hashes, n),
		reward.NewTensor(tensorDF, m.df, n),
		reward.NewTensor(tensorShape, m.shapes, n),
		reward.NewTensor(tensorWeight, m.weights, n),
		reward.NewTensor(tensorImpact, m.impact, n),
		reward.NewTensor(tensorText, m.text, len(m.text)),
		reward.NewTensor(tensorTextEnd, m.textEnds, n),
		reward.NewTensor(tensorDenseScale, m.denseScale, d),
		reward.NewTensor(tensorDenseWeight, m.denseWeight, d),
		reward.NewTensor(tensorDenseImpact, m.denseImpact, d),
	}})
	if err != nil {
		return nil, err
	}
	config, err := json.MarshalIndent(stored{
		Architecture: Architecture, Version: formatVersion, Render: reward.RenderVersion, Tokens: TokensVersion,
		Config: m.cfg, Interactions: Interactions()[:d], Features: n + d, Pairs: m.pairs, Documents: m.docs,
		Penalty: m.penalty, Temperature: m.temperature,
		Iterations: m.fit.Iterations, Loss: m.fit.Loss, GradientNorm: m.fit.GradientNorm, Converged: m.fit.Converged,
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	return reward.Files{reward.ModelFile: numbers, reward.ConfigFile: append(config, '\n')}, nil
}

// Open reads a stored model. What Files wrote scores every text as before, bit
// for bit; anything else that is not a consistent model of this version is an
// error.
func Open(files reward.Files) (*Model, error) {
	name, err := files.Architecture()
	if err != nil {
		return nil, err
	}
	if name != Architecture {
		return nil, fmt.Errorf("the model has architecture %q, not %q", name, Architecture)
	}
	var s stored
	dec := json.NewDecoder(bytes.NewReader(files[reward.ConfigFile]))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("the linear model's %s: %w", reward.ConfigFile, err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("the linear model's %s: %w", reward.ConfigFile, err)
	}
	data, ok := files[reward.ModelFile]
	if !ok {
		return nil, fmt.Errorf("the model has no %s among its files (%s)", reward.ModelFile, strings.Join(files.Names(), ", "))
	}
	m, err := readNumbers(data, s)
	if err != nil {
		return nil, fmt.Errorf("the linear model's %s: %w", reward.ModelFile, err)
	}
	m.prepare()
	return m, nil
}

// check reports what makes a configuration file unreadable to this version.
func (s *stored) check() error {
	switch {
	case s.Version != formatVersion || s.Tokens != TokensVersion || s.Render != reward.RenderVersion:
		return fmt.Errorf("it was written as version %d with %s and %s; this program reads version %d with %s and %s",
			s.Version, s.Tokens, s.Render, formatVersion, TokensVersion, reward.RenderVersion)
	case s.Documents < 0 || uint64(s.Documents) > math.MaxUint32 || s.Temperature < 0:
		return errors.New("documents or temperature is out of range")
	case s.Config.Interactions != (len(s.Interactions) > 0):
		return errors.New("its list of interactions contradicts its configuration")
	case s.Config.Interactions && !slices.Equal(s.Interactions, Interactions()):
		return errors.New("its interactions are not those of this version")
	}
	return s.Config.check()
}

// readNumbers reads the tensors and checks that they fit together.
func readNumbers(data []byte, s stored) (*Model, error) {
	f, err := reward.DecodeTensors(data)
	if err != nil {
		return nil, err
	}
	m := &Model{
		cfg: s.Config, penalty: s.Penalty, temperature: s.Temperature, pairs: s.Pairs, docs: s.Documents,
		fit: Fit{Iterations: s.Iterations, Loss: s.Loss, GradientNorm: s.GradientNorm, Converged: s.Converged},
	}
	d := len(s.Interactions)
	n := s.Features - d
	if n < 0 {
		return nil, fmt.Errorf("%d features are fewer than the %d interactions", s.Features, d)
	}
	if err := errors.Join(
		load(&m.hashes, f, tensorHash, n), load(&m.df, f, tensorDF, n), load(&m.shapes, f, tensorShape, n),
		load(&m.weights, f, tensorWeight, n), load(&m.impact, f, tensorImpact, n),
		load(&m.text, f, tensorText, -1), load(&m.textEnds, f, tensorTextEnd, n),
		load(&m.denseScale, f, tensorDenseScale, d), load(&m.denseWeight, f, tensorDenseWeight, d),
		load(&m.denseImpact, f, tensorDenseImpact, d),
	); err != nil {
		return nil, err
	}
	for i, list := range [][]float32{m.weights, m.impact, m.denseScale, m.denseWeight, m.denseImpact} {
		for _, v := range list {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("list %d of weights holds %g, which is no finite number", i, v)
			}
		}
	}
	return m, m.checkNgrams()
}

// checkNgrams reports what about the stored n-grams contradicts itself.
func (m *Model) checkNgrams() error {
	from, size := uint64(0), uint64(len(m.text))
	for i, end := range m.textEnds {
		if family := shape(m.shapes[i]).family(); family < 0 || family >= families {
			return fmt.Errorf("n-gram %d is of the unknown family %d", i, family)
		}
		if int(m.df[i]) > m.docs {
			return fmt.Errorf("n-gram %d occurs in %d of %d documents", i, m.df[i], m.docs)
		}
		if end < from || end > size || !utf8.Valid(m.text[from:end]) {
			return fmt.Errorf("the text of n-gram %d, bytes %d to %d of %d, is not UTF-8 or not there", i, from, end, size)
		}
		from = end
	}
	if from != size {
		return errors.New("some text belongs to no n-gram")
	}
	return nil
}

// load reads a tensor of n values, or of any number where n is -1.
func load[T reward.Element](to *[]T, f reward.TensorFile, name string, n int) (err error) {
	*to, err = reward.Values[T](f, name, n)
	return err
}
