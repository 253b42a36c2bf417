package bag

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/executor/methods/text"
)

// A checkpoint is one safetensors file: parameters, moments and the best parameters so far as tensors, and the state of
// the run as JSON in its metadata. One file cannot be half old and half new.

// The keys of a checkpoint's metadata.
const (
	metaState  = "state"  // the run's progress, JSON
	metaDigest = "sha256" // of the tensors' bytes in the order of the file
)

// runKey is the digest of all that a run's bytes depend on; a checkpoint of another run is of no use.
func runKey(numerics string, train, validation []reward.Example, cfg Config) string {
	h := sha256.New()
	head, err := json.Marshal(cfg)
	if err != nil {
		panic("bag: " + err.Error())
	}
	fmt.Fprintf(h, "%d %s %s %q %s", formatVersion, reward.RenderVersion, text.Version, numerics, head)
	for _, set := range [][]reward.Example{train, validation} {
		fmt.Fprintf(h, " %d", len(set))
		for _, at := range reward.Order(set) {
			e := set[at]
			fmt.Fprintf(h, " %x %q %q %q %x %x", e.Key, e.Prompt, e.Chosen, e.Rejected, math.Float64bits(e.Weight), math.Float64bits(e.Margin))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkpointShapes are the tensors of a checkpoint: the trainer's state, then the best parameters.
func checkpointShapes(c Config) []shape {
	all := stateNames(c)
	for _, s := range c.shapes() {
		all = append(all, shape{"best." + s.name, s.dims})
	}
	return all
}

// save writes the checkpoint, if one is wanted.
func (f *fit) save() error {
	if f.opts.Checkpoint == "" {
		return nil
	}
	values, err := f.trainer.values(len(stateNames(f.cfg)))
	if err != nil {
		return err
	}
	values = append(values, f.best...)
	var file reward.TensorFile
	for i, s := range checkpointShapes(f.cfg) {
		file.Tensors = append(file.Tensors, reward.NewTensor(s.name, values[i], s.dims...))
	}
	f.state.Key = f.key
	state, err := json.Marshal(f.state)
	if err != nil {
		return err
	}
	file.Metadata = map[string]string{metaState: string(state), metaDigest: tensorDigest(file, f.cfg)}
	data, err := reward.EncodeTensors(file)
	if err != nil {
		return err
	}
	if err := replaceFile(f.opts.Checkpoint, data); err != nil {
		return fmt.Errorf("storing the checkpoint: %w", err)
	}
	return nil
}

// tensorDigest covers what the format itself does not: flipped bits in the numbers.
func tensorDigest(file reward.TensorFile, c Config) string {
	data := map[string][]byte{}
	for _, t := range file.Tensors {
		data[t.Name] = t.Data
	}
	h := sha256.New()
	for _, s := range checkpointShapes(c) {
		h.Write(data[s.name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// load takes up the run of the checkpoint and returns the trainer's state; nil when there is none to go on from. One
// that is damaged or of another run is no error: training begins anew and replaces it.
func (f *fit) load() ([][]float32, error) {
	data, err := os.ReadFile(f.opts.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	state, values, ok := f.decode(data)
	if !ok {
		return nil, nil
	}
	n := len(stateNames(f.cfg))
	f.state, f.best = state, values[n:]
	f.state.resumed = state.Step
	return values[:n], nil
}

// decode reads a checkpoint's bytes; ok is false when they are damaged or of another run.
func (f *fit) decode(data []byte) (state progress, values [][]float32, ok bool) {
	file, err := reward.DecodeTensors(data)
	if err != nil || file.Metadata[metaDigest] != tensorDigest(file, f.cfg) {
		return progress{}, nil, false
	}
	if err := json.Unmarshal([]byte(file.Metadata[metaState]), &state); err != nil || state.Key != f.key {
		return progress{}, nil, false
	}
	values, err = readWeights(file, checkpointShapes(f.cfg))
	return state, values, err == nil
}

func (f *fit) removeCheckpoint() error {
	if f.opts.Checkpoint == "" {
		return nil
	}
	if err := os.Remove(f.opts.Checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the checkpoint of a finished run: %w", err)
	}
	return nil
}

// replaceFile writes beside the file and renames, so that a kill at any moment leaves the old bytes or the new ones.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".checkpoint-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}
