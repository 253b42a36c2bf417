package command

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/backends/reward/linear"
	"github.com/prefab-build/prefab/executor/methods/simjoin"
	normal "github.com/prefab-build/prefab/executor/methods/text"
)

// method runs one method of prefab on a file, as the programs of the peers run theirs.
func method(ctx context.Context, name string, args []string) error {
	switch {
	case name == "texts" && len(args) == 2:
		return texts(args[0], args[1])
	case name == "join" && len(args) == 3:
		return join(ctx, args[0], args[1], args[2])
	case name == "linear" && len(args) == 3:
		penalty, err := strconv.ParseFloat(args[2], 64)
		if err != nil {
			return err
		}
		return fit(ctx, args[0], args[1], penalty)
	}
	return fmt.Errorf("%s with %d arguments\n%s", name, len(args), usage)
}

// lines calls f with every line of a file, plain or packed with gzip.
func lines(path string, f func([]byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var in io.Reader = bufio.NewReaderSize(file, 1<<20)
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			return err
		}
	}
	s := bufio.NewScanner(in)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		if err := f(s.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return s.Err()
}

// texts writes the questions of a file in normal form, so that all tools take the same tokens from them.
func texts(from, to string) error {
	var list []string
	if err := lines(from, func(line []byte) error {
		var row struct{ Question string }
		err := json.Unmarshal(line, &row)
		list = append(list, normal.Normalize(row.Question))
		return err
	}); err != nil {
		return err
	}
	return records(to, 0, len(list), func(i int) []byte { return text(list[i]) })
}

// join groups texts whose Jaccard index is at least 0.7, and writes the group of each, the number of its first row.
func join(ctx context.Context, from, to, shingle string) error {
	b := simjoin.NewBuilder()
	var tokens []uint64
	if err := lines(from, func(line []byte) error {
		var row struct{ Text string }
		err := json.Unmarshal(line, &row)
		if shingle == "word" {
			tokens = normal.N1.AppendWordShingles(tokens[:0], row.Text, 1)
		} else {
			tokens = normal.N1.AppendCharShingles(tokens[:0], row.Text, 5)
		}
		b.Add(tokens)
		return err
	}); err != nil {
		return err
	}
	groups, err := b.Collection().Clusters(ctx, simjoin.Ratio{Num: 7, Den: 10}, 0)
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	for _, g := range groups {
		fmt.Fprintln(out, g)
	}
	return errors.Join(out.Flush(), f.Close())
}

// fit trains a linear reward model and prints its log-loss on pairs that were held out, and the seconds of CPU that
// features and fit took.
func fit(ctx context.Context, train, heldOut string, penalty float64) error {
	examples, err := readExamples(train)
	if err != nil {
		return err
	}
	cfg := linear.Defaults()
	cfg.Penalties = []float64{penalty}
	before := used()
	c, err := linear.Prepare(ctx, examples, cfg, nil)
	if err != nil {
		return err
	}
	m, _, err := c.Fit(ctx, penalty)
	if err != nil {
		return err
	}
	took := used() - before
	held, err := readExamples(heldOut)
	if err != nil {
		return err
	}
	margins, err := m.Margins(ctx, held)
	if err != nil {
		return err
	}
	loss := 0.0
	for _, x := range margins {
		loss += math.Max(0, -x) + math.Log1p(math.Exp(-math.Abs(x)))
	}
	fmt.Printf("%.4f %.2f\n", loss/float64(len(margins)), took.Seconds())
	return nil
}

func readExamples(path string) ([]reward.Example, error) {
	var list []reward.Example
	err := lines(path, func(line []byte) error {
		var row struct{ Prompt, Chosen, Rejected string }
		err := json.Unmarshal(line, &row)
		list = append(list, reward.Example{
			Key: sha256.Sum256(fmt.Append(nil, len(list))), Group: len(list), Weight: 1,
			Prompt: row.Prompt, Chosen: row.Chosen, Rejected: row.Rejected,
		})
		return err
	})
	return list, err
}
