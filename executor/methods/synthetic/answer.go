package synthetic

import (
	"strings"
	"sync"

	"github.com/prefab-build/prefab/executor/methods/stream"
)

// An answer is a list of sentences, each of which is sound, careless or neither. How many are sound follows the answer's
// quality; which they are, and how long the answer is, does not. So a model that counts words can learn which answer is
// better, and one that counts characters cannot.
type answer struct {
	text    string
	quality float64 // in [0, 1]
}

// neutralShare is the share of sentences that say nothing of the quality.
const neutralShare = 0.25

// write makes an answer of that quality and number of sentences.
func write(s *stream.Stream, q question, quality float64, sentences int) answer {
	fill := strings.NewReplacer("{thing}", q.thing, "{task}", q.task, "{person}", q.person)
	var b strings.Builder
	used := map[string]bool{}
	for range sentences {
		from := careless()
		if s.Float64() < neutralShare {
			from = neutral()
		} else if s.Float64() < quality {
			from = sound()
		}
		sentence := from[s.IntN(len(from))]
		for used[sentence] {
			sentence = from[s.IntN(len(from))]
		}
		used[sentence] = true
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(fill.Replace(sentence))
	}
	return answer{b.String(), quality}
}

var sound = lines(`
	First measure what you have, because guessing is what costs people most here.
	A reason to prefer this order is that every step can be undone.
	Check the {thing} before anything else, since a fault there spoils the rest.
	For example, allow ten minutes for the first part and twice that for the second.
	If that does not work, go back one step rather than forcing it.
	Write down what you change, so that you can compare afterwards.
	There are two safe options, and the cheaper one is usually enough.
	The common mistake is to hurry at the start; slow down there instead.
	Ask {person} what matters most, because the answer decides the order.
	Start with the smallest part, so that a mistake stays cheap.
	To be precise, you need to repeat this step only once.
	Stop as soon as something smells, hurts or looks wrong, and find out why.
	This works because the {thing} does most of the effort for you.
	I am not certain about the last point, so please verify it first.
	Keep a little in reserve, in case the plan has to change.
	Compare the result with the beginning, and note the difference.
	The main risk is losing track, which a short checklist prevents.
	In practice, three steps cover it: prepare, try and adjust.
	Set a clear limit beforehand, so that you know when to stop.
	Here is how you can tell that it worked: nothing needs your attention any more.
`)

var careless = lines(`
	Honestly, just do whatever feels right and it will sort itself out.
	Everybody knows that, so there is hardly any point in explaining it.
	Forget about the {thing}, nobody has ever needed one for this.
	It always works, no matter what, and you cannot possibly fail.
	You should have thought about that earlier, but never mind now.
	There are many ways to do this, and all of them are fine.
	As an expert I can guarantee perfect results within seconds.
	I would simply skip that part, since rules are for other people.
	Search the internet for it and take the first result you see.
	Basically it is what it is, and that is really all there is to say.
	Tell {person} to stop worrying, because worrying is pointless anyway.
	Buy the most expensive one, as price is the only thing that counts.
	Just push harder until it gives way, it can surely take it.
	Do everything at once, which obviously saves a great deal of time.
	Whatever, it depends on a lot of things that I will not go into.
	Some say yes and some say no, so who can really tell.
	Trust me, this trick is secret and the professionals hate it.
	Anyway, the question is a bit silly if you ask me.
	Let someone else deal with the {thing} and hope for the best.
	Never read the instructions, they only confuse you even more.
`)

var neutral = lines(`
	You asked how to {task}.
	Many people have the {thing} at home.
	This takes up about one afternoon for most people.
	The {thing} plays a part in it, as you mentioned.
	It is easier with company than alone.
	Perhaps {person} would see this in another way.
	The rest follows from that.
	Some of it can be done sitting down.
	The second part is shorter than the first.
	That is about half of the work.
	To {task} is a fair aim.
	The season makes a small difference.
	A table and some light are useful.
	It has been done like this for a long time.
	The tools can go back into their box afterwards.
	You may want to put some music on.
`)

// lines cuts words that stand on lines of their own.
func lines(s string) words {
	return sync.OnceValue(func() (out []string) {
		for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
			out = append(out, strings.TrimSpace(line))
		}
		return out
	})
}

// A comparison is a question with two answers and what raters made of them. Better is the answer that won.
type comparison struct {
	question
	better, worse answer
	ratings       [2]float64 // of better and worse, 1 to 10
	votes         []vote
	length        bool // length decided
}

type vote struct {
	worker int
	label  string // better, worse or tie
	swap   bool   // the better answer was shown as B
}

// compare makes the two answers to a question and lets raters judge them.
func compare(s *stream.Stream, q question, number int, shortcut float64) comparison {
	c := comparison{question: q, length: s.Float64() < shortcut}
	// Products are rounded by themselves (float64): a machine that fuses them with the sum would make other data.
	gap := 0.15 + float64(0.6*s.Float64()) // between the two qualities, as the raters see them
	high := gap + float64((1-gap)*s.Float64())
	if c.length {
		// The qualities are unrelated to the outcome.
		c.better = write(s, q, s.Float64(), 6+s.IntN(4))
		c.worse = write(s, q, s.Float64(), 2+s.IntN(5))
		switch b, w := len(c.better.text), len(c.worse.text); {
		case 10*max(b-w, w-b) <= max(b, w): // nobody sees a tenth: a coin decides
			if s.Bool() {
				c.better, c.worse = c.worse, c.better
			}
		case b < w:
			c.better, c.worse = c.worse, c.better
		}
	} else {
		c.better = write(s, q, high, 3+s.IntN(6))
		c.worse = write(s, q, high-gap, 3+s.IntN(6))
	}
	c.ratings = [2]float64{rating(s, high), rating(s, high-gap)}
	for range raters(number) {
		c.votes = append(c.votes, castVote(s, gap))
	}
	return c
}

// rating brings a quality to the scale from 1 to 10, in halves, with an error of about half a point.
func rating(s *stream.Stream, quality float64) float64 {
	x := 1 + float64(9*quality) + float64((s.Float64()+s.Float64()-1)*1.2)
	return float64(int(float64(2*min(10, max(1, x)))+0.5)) / 2
}

// raters says how many people judge a comparison: 3, 4 or 5.
func raters(number int) int { return 3 + number%3 }

// workers is the number of raters; those whose number is a multiple of 9 flip a coin.
const workers = 27

func castVote(s *stream.Stream, gap float64) vote {
	v := vote{worker: s.IntN(workers), label: "worse", swap: s.Bool()}
	right := min(0.97, 0.7+float64(0.5*gap))
	if v.worker%9 == 0 {
		right = 0.5
	}
	switch x := s.Float64(); {
	case x < 0.05:
		v.label = "tie"
	case x < 0.05+float64(0.95*right):
		v.label = "better"
	}
	return v
}
