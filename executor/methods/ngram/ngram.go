// Package ngram finds verbatim copies of benchmark items in training text: an exact, in-memory index of word n-grams, with
// rules for items too short to have any. A verdict depends on the text and the benchmarks alone, never on other rows, so it
// can be cached per chunk, an item is found under any wrapper, and a second scan after removal finds nothing.
//
// Every hit is verified on the tokens themselves, so hash collisions accuse nobody, and there is no limit on how many items
// a text may match. The package proves verbatim leaks only: it does not see a paraphrase, and a report must say so.
package ngram

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/prefab-build/prefab/executor/methods/text"
)

// Version names the method in cache keys.
const Version = "ngram/1"

// Benchmark is a named list of items that must not occur in training text.
type Benchmark struct {
	Name  string
	Items []Item
}

// Item is one item of a benchmark. Its fields are matched apart from one another; an empty one is not there.
type Item struct{ Question, Passage, Answer string }

// Field is a field of an item.
type Field uint8

// The fields of an item.
const (
	Question Field = iota
	Passage
	Answer
	fields
)

func (f Field) String() string { return [...]string{"question", "passage", "answer"}[f] }

func (it *Item) field(f Field) string { return [...]string{it.Question, it.Passage, it.Answer}[f] }

// Ref is a field of an item, by number: Benchmarks[Benchmark].Items[Item].
type Ref struct {
	Benchmark, Item int
	Field           Field
}

// Rule is why a text counts as contaminated by an item.
type Rule uint8

// The rules, strongest first. A match names the first that holds.
const (
	Exact      Rule = iota + 1 // the tokens of text and item are the same
	Skeleton                   // their letters and numbers are the same, at least SkeletonChars of them
	CoverTest                  // the text holds at least CovTest of the item's tokens in shared n-grams
	CoverTrain                 // at least CovTrain of the text's tokens, and Span of them, come from the item
	LongSpan                   // Span or more tokens in a row
	Whole                      // the whole item in a row, although common phrases hide its n-grams
	Short                      // the whole of a short item, in a text that holds little else
)

func (r Rule) String() string {
	return [...]string{"none", "exact", "skeleton", "test-coverage", "train-coverage", "long-span", "whole", "short"}[r]
}

// Match is what a text shares with an item, where that is enough to count.
type Match struct {
	// Refs are the fields, of one item or of several, whose tokens are those matched. The slice belongs to the index.
	Refs []Ref
	Rule Rule
	// CovTest is the share of the item's tokens, and CovTrain that of the text's, inside n-grams that both hold.
	CovTest, CovTrain float64
	Matched           int // tokens of the text inside shared n-grams
	LongestSpan       int // the most tokens in a row that both hold, every n-gram of them unmasked
	ItemTokens        int
	Start, End        int // the bytes of the text where the longest span, or all that is shared in one run, stands
}

// Settings are the constants of the rules.
type Settings struct {
	Form          text.Form // normal form of text and items
	N             int       // tokens of an n-gram
	MaskAbove     int       // n-grams shared by more items than this are ignored
	CovTest       float64
	CovTrain      float64
	Span          int // tokens in a row that count by themselves, and the fewest for CovTrain
	ShortMin      int // items of fewer tokens cannot be scored
	ShortShare    float64
	SkeletonChars int
	collidingHash bool // tests only: nearly all hashes are equal
}

// Defaults are the settings that reports use: 8-grams with a coverage of one half (Tulu 3), spans of 13 (GPT-3), and masks
// above 10 items of the benchmarks.
func Defaults() Settings {
	return Settings{
		N: 8, MaskAbove: 10, CovTest: 0.5, CovTrain: 0.8, Span: 13, ShortMin: 4, ShortShare: 0.5, SkeletonChars: 50,
	}
}

// Check says what is wrong with s, if anything.
func (s Settings) Check() error {
	share := func(x float64) bool { return x > 0 && x <= 1 }
	switch {
	case s.N < 2 || s.N > 64:
		return fmt.Errorf("an n-gram has 2 to 64 tokens, not %d", s.N)
	case s.ShortMin < 1 || s.ShortMin > s.N:
		return fmt.Errorf("the shortest item that can be scored has 1 to %d tokens (the n-gram), not %d", s.N, s.ShortMin)
	case s.Span < s.N:
		return fmt.Errorf("a span of %d tokens is shorter than an n-gram of %d, so it could never be found", s.Span, s.N)
	case s.MaskAbove < 1:
		return errors.New("an n-gram of a single item cannot be masked: mask above 1 or more")
	case !share(s.CovTest) || !share(s.CovTrain) || !share(s.ShortShare):
		return errors.New("a coverage is a share above 0 and up to 1")
	case s.SkeletonChars < 1:
		return errors.New("a skeleton has at least 1 character")
	}
	return nil
}

// Digest names the settings and the methods below them, for cache keys.
func (s Settings) Digest() [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s %s %+v", Version, text.Version, s))
}
