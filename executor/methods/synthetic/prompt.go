package synthetic

import (
	"strconv"
	"strings"

	"github.com/prefab-build/prefab/executor/methods/stream"
)

// A question is one prompt and the words that its answers take up.
type question struct {
	text        string
	topic       string
	thing, task string
	person      string
	difficulty  float64
}

// slots is the number of slots of a question: person, thing, task, place, time, worry, wish.
const slots = 7

// codes is the number of ways to fill the slots of one topic and form: see code.
const codes = slotSize * slotSize * slotSize

// ask makes the question of a number. Numbers below codes times the topics and forms give different questions.
func ask(seed int64, number int) question {
	start := stream.New(uint64(seed), "questions")
	space := len(topics) * len(forms)
	t := topics[(number+start.IntN(space))%len(topics)]
	form := forms[(number/len(topics)+start.IntN(space))%len(forms)]
	word := code((number/space*step + start.IntN(codes)) % codes)
	pick := func(slot int, from []string) string {
		order := stream.New(uint64(seed), "slot", t.name, strconv.Itoa(slot))
		return from[(word[slot]+order.IntN(slotSize))%slotSize]
	}
	person, thing, task := pick(0, persons()), pick(1, t.things()), pick(2, t.tasks())
	text := strings.NewReplacer(
		"{Person}", strings.ToUpper(person[:1])+person[1:], "{person}", person, "{thing}", thing, "{task}", task,
		"{place}", pick(3, places()), "{time}", pick(4, times()), "{worry}", pick(5, worries()), "{Wish}", pick(6, wishes()),
	).Replace(form)
	return question{text, t.name, thing, task, person, float64(word[2]) / (slotSize - 1)}
}

// step walks through the codes in an order that soon visits all parts of them; it shares no factor with their number.
const step = 1933

// code fills the slots by a polynomial of degree 2 over the field of slotSize elements: slot i holds its value at i. Two
// different polynomials agree in at most two places, so two questions of one topic and form share at most two of their
// seven slots, and none is a near-duplicate of another unless it was made to be one.
func code(n int) (word [slots]int) {
	a, b, c := n%slotSize, n/slotSize%slotSize, n/slotSize/slotSize
	for i := range word {
		word[i] = (a + b*i + c*i*i) % slotSize
	}
	return word
}
