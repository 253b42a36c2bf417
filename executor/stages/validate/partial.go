package validate

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/exact"
	"github.com/prefab-build/prefab/executor/methods/quality"
)

// A summary adds up what is counted over rows.
type summary struct {
	Rows         int64            `json:"rows"`               // that came in
	Rejected     map[string]int64 `json:"rejected,omitempty"` // by reason
	Discarded    int64            `json:"discarded,omitempty"`
	FormatErrors int64            `json:"format_errors,omitempty"`
	Gaps         [4]moments       `json:"gaps"`
	Tiers        quality.Matrix   `json:"tiers"`
	Low          int64            `json:"low,omitempty"` // rows of low agreement
	Style        [marks]contest   `json:"style"`
	Categories   map[string]int64 `json:"categories,omitempty"`
}

// moments is an exact mean in the making. In JSON it is its bytes in hexadecimal.
type moments struct{ exact.Moments }

func (m *moments) MarshalText() ([]byte, error) {
	b, err := m.MarshalBinary()
	return hex.AppendEncode(nil, b), err
}

func (m *moments) UnmarshalText(text []byte) error {
	b, err := hex.AppendDecode(nil, text)
	if err != nil {
		return err
	}
	return m.UnmarshalBinary(b)
}

func (s *summary) merge(o *summary) {
	s.Rows += o.Rows
	s.Discarded += o.Discarded
	s.FormatErrors += o.FormatErrors
	s.Low += o.Low
	for reason, n := range o.Rejected {
		s.Rejected[reason] += n
	}
	for name, n := range o.Categories {
		s.Categories[name] += n
	}
	for i := range s.Gaps {
		s.Gaps[i].Merge(&o.Gaps[i].Moments)
	}
	for i := range s.Style {
		s.Style[i].merge(o.Style[i])
	}
	s.Tiers.Merge(o.Tiers)
}

// A record is what Finish knows of one row that goes out: 45 to 61 bytes.
type record struct {
	prompt, pair half
	chosenFirst  bool
	hasGap       bool
	voted        bool
	words        [3]uint32
	gap, share   float64 // the named gap; the majority share
}

const (
	flagChosenFirst = 1 << iota
	flagGap
	flagVoted
)

func (r *record) append(b []byte) []byte {
	b = append(append(b, r.prompt[:]...), r.pair[:]...)
	var flags byte
	if r.chosenFirst {
		flags |= flagChosenFirst
	}
	if r.hasGap {
		flags |= flagGap
	}
	if r.voted {
		flags |= flagVoted
	}
	b = append(b, flags)
	for _, n := range r.words {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	if r.hasGap {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(r.gap))
	}
	if r.voted {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(r.share))
	}
	return b
}

const fixedRecord = 16 + 16 + 1 + 3*4

// encode writes what a chunk came to: the lengths of the summary and the records, both, and the contrasts that are kept.
func encode(s *summary, records, contrasts []byte) ([]byte, error) {
	head, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	b := binary.AppendUvarint(nil, uint64(len(head)))
	b = binary.AppendUvarint(b, uint64(len(records)))
	return slices.Concat(b, head, records, contrasts), nil
}

// A chunkResult is what encode wrote.
type chunkResult struct {
	sum       summary
	records   []record // as many as there are rows that go out
	contrasts []byte   // of those in the kept places
}

var errCutOff = errors.New("it is cut off")

// decode reads what encode wrote; there must be as many records as r has.
func (r *chunkResult) decode(b []byte) error {
	var sizes [2]int
	for i := range sizes {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return errCutOff
		}
		sizes[i], b = int(size), b[n:]
	}
	if sizes[0]+sizes[1] > len(b) {
		return errCutOff
	}
	if err := json.Unmarshal(b[:sizes[0]], &r.sum); err != nil {
		return err
	}
	list := b[sizes[0]:][:sizes[1]]
	for i := range r.records {
		var err error
		if list, err = r.records[i].decode(list); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		return fmt.Errorf("it has more than %d records", len(r.records))
	}
	r.contrasts = b[sizes[0]+sizes[1]:]
	return nil
}

// decode reads what append wrote, and returns what follows it.
func (r *record) decode(b []byte) (rest []byte, err error) {
	if len(b) < fixedRecord {
		return nil, errCutOff
	}
	*r = record{prompt: half(b[:16]), pair: half(b[16:32])}
	flags := b[32]
	r.chosenFirst, r.hasGap, r.voted = flags&flagChosenFirst != 0, flags&flagGap != 0, flags&flagVoted != 0
	for i := range r.words {
		r.words[i] = binary.LittleEndian.Uint32(b[33+4*i:])
	}
	b = b[fixedRecord:]
	for _, x := range []struct {
		has  bool
		into *float64
	}{{r.hasGap, &r.gap}, {r.voted, &r.share}} {
		if !x.has {
			continue
		}
		if len(b) < 8 {
			return nil, errCutOff
		}
		*x.into = math.Float64frombits(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	return b, nil
}
