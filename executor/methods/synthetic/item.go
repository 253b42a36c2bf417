package synthetic

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/stream"
)

// An item is one problem of the benchmark.
type item struct {
	Name     string `json:"name"`
	Question string `json:"question"`
	Passage  string `json:"passage,omitempty"`
	Answer   string `json:"answer"`
	Category string `json:"category"`
}

// items writes the benchmark.
func (w *writer) items() {
	for n := w.First; n < w.end(); n++ {
		w.line(makeItem(w.Config.Seed, n))
	}
}

var (
	names = list(`Amira; Bogdan; Chidi; Dolores; Eirik; Farah; Giulia; Hamish; Ines; Jaroslav; Keiko; Lamar; Mirela; Nnamdi; Odile; Pavel;
		Quentin; Rosalind; Sunita; Tomasz; Ulrike; Vikram; Wanjiru; Xiomara; Yusuf; Zofia`)
	goods = list(`marbles; walnuts; postcards; candles; tulip bulbs; buttons; envelopes; tea tins; model trains; oyster shells;
		pencils; bottle caps; paper cranes; lanterns; chess pieces; wool blankets; honey jars; bicycle bells; fishing hooks; clay pots`)
	spots = list(`an attic; a wooden chest; a market stall; a school cupboard; a lighthouse; the boot of a taxi; a museum shop;
		a garden shed; a suitcase; a bakery window; a tool room; a village hall; a boathouse; a post office; a clock tower`)
	days = list("Monday; Tuesday; Wednesday; Thursday; Friday; Saturday; Sunday")
)

// makeItem makes a problem in words with one step or two. Numbers, names and things differ from item to item, so that an
// item has words of its own and few items share a run of eight.
func makeItem(seed int64, n int) item {
	s := stream.New(uint64(seed), "item", strconv.Itoa(n))
	a, b, c := 40+s.IntN(900), 3+s.IntN(30), 2+s.IntN(8)
	one := func(list words) string { return list()[s.IntN(len(list()))] }
	who, other := one(names), one(names)
	what, where, day := one(goods), one(spots), one(days)
	it := item{Name: fmt.Sprintf("item-%04d", n), Category: "arithmetic"}
	var result int
	switch n % 4 {
	case 0:
		result = a - b
		it.Question = fmt.Sprintf("%s stores %d %s in %s and sells %d of those %s to %s on %s. How many %s does %s still own at the end of %s?",
			who, a, what, where, b, what, other, day, what, who, day)
	case 1:
		result = a + b*c
		it.Question = fmt.Sprintf("There are %d %s in %s. Each %s for %d weeks %s carries %d more %s there. What is the number of %s in %s after those %d weeks?",
			a, what, where, day, c, who, b, what, what, where, c)
	case 2:
		result = b * c
		it.Passage = fmt.Sprintf("%s and %s share %s. Every visitor who came by on %s took exactly %d %s home, and %d visitors came that day, although it rained from dawn to dusk.",
			who, other, where, day, c, what, b)
		it.Question = fmt.Sprintf("According to the report on %s by %s and %s, how many %s left %s with the %d visitors on that rainy %s?",
			where, who, other, what, where, b, day)
	default:
		result = a * c
		it.Question = fmt.Sprintf("A box from %s holds %d %s. If %s orders %d such boxes for %s, who collects %s every %s, how many %s will arrive in all?",
			where, a, what, who, c, other, what, day, what)
	}
	it.Answer = fmt.Sprintf("%s: the %s in question come to %s, which %s can check with %s on %s.",
		strconv.Itoa(result), what, strconv.Itoa(result), who, other, strings.TrimPrefix(where, "the "))
	return it
}
