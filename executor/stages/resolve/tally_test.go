package resolve

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/spec"
)

// An outcome is what an item came to, without where its rows stand.
type outcome struct {
	item    hash
	parents string
	counts  [3]int
	verdict verdict
	winner  hash
	again   int
}

func outcomes(t *rapid.T, c config, ballots []ballot) (list []outcome) {
	items, err := tallies(slices.Clone(ballots))
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		again := len(it.repeats())
		n := it.counts()
		o := outcome{item: it.item, counts: n, verdict: c.judge(it, n), again: again}
		if o.verdict.reason == "" {
			o.winner = it.sides[o.verdict.winner/2]
		}
		for _, id := range it.ids() {
			o.parents += id.Short()
		}
		list = append(list, o)
	}
	return list
}

// TestOrder shuffles votes, which changes nothing, and shows the responses the other way round with the label turned,
// which changes no winner.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := config{MinAgreement: 0.6, MinVotes: rapid.IntRange(1, 3).Draw(t, "min")}
		var ballots []ballot
		for i := range rapid.IntRange(0, 25).Draw(t, "votes") {
			item := strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "item"))
			b := ballot{row: i, vote: vote{
				id: spec.HashBytes([]byte(strconv.Itoa(i))), item: hashText([]byte(item)),
				shownA: hashText([]byte("x" + item)), shownB: hashText([]byte("y" + item)),
				label: rapid.SampledFrom([]byte("abt")).Draw(t, "label"),
			}}
			if w := rapid.IntRange(0, 6).Draw(t, "worker"); w > 0 {
				b.worker = hashText([]byte{byte(w)})
			}
			ballots = append(ballots, b)
		}
		want := outcomes(t, c, ballots)
		if got := outcomes(t, c, rapid.Permutation(ballots).Draw(t, "order")); !slices.Equal(got, want) {
			t.Fatalf("shuffled votes come to\n%v\nnot\n%v", got, want)
		}
		turned := slices.Clone(ballots)
		for i := range turned {
			if v := &turned[i].vote; rapid.Bool().Draw(t, "turn") {
				v.shownA, v.shownB = v.shownB, v.shownA
				v.label = map[byte]byte{'a': 'b', 'b': 'a', 't': 't'}[v.label]
			}
		}
		for i, got := range outcomes(t, c, turned) {
			w := want[i]
			if got.winner != w.winner || got.verdict.reason != w.verdict.reason || got.verdict.share != w.verdict.share || got.parents != w.parents {
				t.Fatalf("turned votes come to %+v, not %+v", got, w)
			}
		}
	})
}

// TestMajority is the rule of 60 %: 2 of 3 and 3 of 5 pass, 1 of 2 and no vote do not.
func TestMajority(t *testing.T) {
	c := config{MinAgreement: 0.6}
	it := &tally{sides: [2]hash{{1}, {2}}}
	for n, want := range map[[3]int]string{
		{2, 0, 1}: "", {1, 0, 2}: "", {3, 0, 2}: "", {1, 0, 1}: evenSplit, {0, 0, 0}: lowAgreement,
		{2, 1, 1}: lowAgreement, {3, 1, 1}: "", {0, 3, 2}: tieWins, {2, 2, 0}: lowAgreement, {0, 1, 0}: tieWins,
	} {
		if got := c.judge(it, n); got.reason != want {
			t.Errorf("%v is judged %q, want %q", n, got.reason, want)
		}
	}
}
