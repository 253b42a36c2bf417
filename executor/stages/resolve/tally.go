package resolve

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/prefab-build/prefab/executor/methods/agreement"
	"github.com/prefab-build/prefab/spec"
)

// A tally is what is known of one item.
type tally struct {
	item   hash
	prompt hash
	sides  [2]hash // the responses as the first vote showed them
	votes  []ballot
	first  *ballot // with the smallest id: its row gives the texts
}

// A ballot is a vote and where it stands.
type ballot struct {
	vote
	chunk, row int
}

// The places of counts. The sides are told apart by the order in which one vote, the first by its id, showed them: where all
// votes show one order it is that, and else as good as drawn. So agreement is measured on what was there before anyone voted.
const (
	sideX = iota
	tied
	sideY
)

func (b *ballot) side(t *tally) int {
	switch shown := b.shownA; {
	case b.label == 't':
		return tied
	case (b.label == 'a') == (shown == t.sides[0]):
		return sideX
	}
	return sideY
}

// tallies sorts ballots into items, by the items' hashes; the votes of each by their ids. Neither depends on the order of rows.
func tallies(all []ballot) ([]*tally, error) {
	slices.SortFunc(all, func(a, b ballot) int {
		if c := bytes.Compare(a.item[:], b.item[:]); c != 0 {
			return c
		}
		return bytes.Compare(a.id[:], b.id[:])
	})
	var list []*tally
	for i := 0; i < len(all); {
		end := i
		for end < len(all) && all[end].item == all[i].item {
			end++
		}
		t := &tally{item: all[i].item, prompt: all[i].prompt, votes: all[i:end:end], first: &all[i]}
		t.sides = [2]hash{all[i].shownA, all[i].shownB}
		for k := i; k < end; k++ {
			b := &all[k]
			if shown := [2]hash{b.shownA, b.shownB}; b.prompt != t.prompt || shown != t.sides && shown != [2]hash{t.sides[1], t.sides[0]} {
				return nil, fmt.Errorf("two votes on one item show other texts: the rows %s and %s. An item is one prompt with two responses: "+
					"correct the data, or make the item of more fields", t.first.id.Short(), b.id.Short())
			}
		}
		list = append(list, t)
		i = end
	}
	return list, nil
}

// repeats takes the second votes of workers out of a tally and returns them. The votes are sorted by id.
func (t *tally) repeats() (again []ballot) {
	seen := map[hash]bool{}
	var once []ballot
	for _, b := range t.votes {
		if b.worker != (hash{}) && seen[b.worker] {
			again = append(again, b)
			continue
		}
		seen[b.worker] = true
		once = append(once, b)
	}
	if again != nil {
		t.votes = once
	}
	return again
}

func (t *tally) counts() (n [3]int) {
	for i := range t.votes {
		n[t.votes[i].side(t)]++
	}
	return n
}

// The reasons for which an item has no winner.
const (
	evenSplit    = "even split"
	lowAgreement = "low agreement"
	tooFew       = "too few votes"
	oneResponse  = "equal responses"
	tieWins      = "tie" // people agree that there is no difference
)

// A verdict is the winner of an item, or why there is none.
type verdict struct {
	winner int // sideX or sideY
	share  float64
	reason string
}

// judge lets the majority decide. The share is that of the leading response, ties in the denominator.
func (c *config) judge(t *tally, n [3]int) verdict {
	total := n[sideX] + n[tied] + n[sideY]
	m, ok := agreement.MajorityOf(n[:], tied)
	switch {
	case t.sides[0] == t.sides[1]:
		return verdict{share: m.Share, reason: oneResponse}
	case total < c.MinVotes:
		return verdict{share: m.Share, reason: tooFew}
	case float64(n[tied])/float64(total) >= c.MinAgreement && n[tied] > max(n[sideX], n[sideY]):
		return verdict{share: m.Share, reason: tieWins}
	case !ok: // no vote at all, or ties that are too few
		return verdict{reason: lowAgreement}
	case m.Even:
		return verdict{share: m.Share, reason: evenSplit}
	case m.Share < c.MinAgreement:
		return verdict{share: m.Share, reason: lowAgreement}
	}
	return verdict{winner: m.Category, share: m.Share}
}

// ids are the parents of the pair: the votes that were counted, in order.
func (t *tally) ids() []spec.Digest {
	list := make([]spec.Digest, len(t.votes))
	for i, b := range t.votes {
		list[i] = b.id
	}
	return list
}
