package validate

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/quality"
	"github.com/prefab-build/prefab/executor/methods/text"
)

// half is the first half of a SHA-256; see the package deduplicate for why that is enough.
type half [16]byte

// A rowReader reads the rows of a chunk one by one.
type rowReader struct {
	texts    [3]dataset.Messages // prompt, chosen, rejected
	scores   [2]dataset.Floats   // chosen, rejected
	margin   dataset.Floats
	votes    [3]dataset.Ints // chosen, rejected, tie
	category dataset.Strings
	scale    quality.Scale
	scaled   bool
	reader   text.Reader
	buffer   []byte
	hashes   [3]half // of the row's texts, after check
	words    [3]uint32
}

var textNames = [3]string{"prompt", "chosen", "rejected"}

func newRowReader(c dataset.Chunk, cfg *config) *rowReader {
	r := &rowReader{
		scores:   [2]dataset.Floats{c.Floats("chosen_score"), c.Floats("rejected_score")},
		margin:   c.Floats("margin"),
		votes:    [3]dataset.Ints{c.Ints("votes_chosen"), c.Ints("votes_rejected"), c.Ints("votes_tie")},
		category: c.Strings("category"),
	}
	for i, name := range textNames {
		r.texts[i] = c.Messages(name)
	}
	r.scale, r.scaled = cfg.scale()
	return r
}

// check says why a row cannot be used, and reads its hashes and lengths. An empty reason means that it can.
func (r *rowReader) check(row int) (reason, detail string) {
	for i, m := range r.texts {
		if m.Null(row) {
			return "missing " + textNames[i], ""
		}
		s := m.Text(row)
		if at := strings.IndexByte(s, 0); at >= 0 {
			return "NUL character", fmt.Sprintf("byte %d of %s", at, textNames[i])
		}
		if !utf8.ValidString(s) {
			return "no UTF-8", "in " + textNames[i]
		}
		if r.read(i, s); r.words[i] == 0 {
			return "empty " + textNames[i], quoted(s)
		}
	}
	if r.hashes[1] == r.hashes[2] {
		return "equal responses", ""
	}
	return r.checkNumbers(row)
}

// quoted shows a text that has no word, as far as it is short.
func quoted(s string) string {
	if s == "" || len(s) > 40 {
		return ""
	}
	return fmt.Sprintf("%q has no word", s)
}

// read brings text i to its normal form, and keeps its hash and the number of its words.
func (r *rowReader) read(i int, s string) {
	r.words[i], r.buffer = 0, r.buffer[:0]
	r.reader.Reset(text.N1, s)
	for r.reader.Next() {
		if r.words[i] > 0 && !r.reader.Joined() {
			r.buffer = append(r.buffer, ' ')
		}
		r.buffer = r.reader.AppendText(r.buffer)
		r.words[i]++
	}
	sum := sha256.Sum256(r.buffer)
	r.hashes[i] = half(sum[:16])
}

func (r *rowReader) checkNumbers(row int) (reason, detail string) {
	for i, v := range r.scores {
		if v.Null(row) {
			continue
		}
		x := v.At(row)
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			return "score is no number", textNames[i+1] + "_score"
		case r.scaled && (x < r.scale.Min || x > r.scale.Max):
			return "score outside the scale", fmt.Sprintf("%s_score is %v, the scale is %v to %v", textNames[i+1], x, r.scale.Min, r.scale.Max)
		}
	}
	if x := r.margin; !x.Null(row) && (math.IsNaN(x.At(row)) || math.IsInf(x.At(row), 0)) {
		return "score is no number", "margin"
	}
	for _, v := range r.votes {
		if !v.Null(row) && (v.At(row) < 0 || v.At(row) > math.MaxInt32) {
			return "impossible votes", fmt.Sprintf("%d votes", v.At(row))
		}
	}
	return "", ""
}

// votesOf returns the votes of a row; none count as no votes.
func (r *rowReader) votesOf(row int) quality.Votes {
	var n [3]int
	for i, v := range r.votes {
		if !v.Null(row) {
			n[i] = int(v.At(row))
		}
	}
	return quality.Votes{Chosen: n[0], Rejected: n[1], Ties: n[2]}
}

// pair names the prompt and the two responses, whichever is chosen, and says whether chosen comes first.
func (r *rowReader) pair() (key half, chosenFirst bool) {
	first, second := r.hashes[1], r.hashes[2]
	if chosenFirst = bytes.Compare(first[:], second[:]) < 0; !chosenFirst {
		first, second = second, first
	}
	var b [48]byte
	copy(b[:], r.hashes[0][:])
	copy(b[16:], first[:])
	copy(b[32:], second[:])
	sum := sha256.Sum256(b[:])
	return half(sum[:16]), chosenFirst
}
