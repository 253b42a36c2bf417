package evaluate

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/prefab-build/prefab/backends/reward"
	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/text"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/executor/stage/prompts"
	"github.com/prefab-build/prefab/spec"
)

// A part is what is kept of the rows that a model is measured on: numbers, no text. Rows are in the order of their ids.
type part struct {
	name       string
	ids        []spec.Digest
	groups     []string // of similar prompts: the first id of each
	categories []string
	margins    []float64
	blind      []float64    // margins without the prompt; nil where only scores are known
	lengths    [][2]int     // characters of chosen and rejected
	texts      [][2]textKey // of the normal forms
	votes      [][3]int64   // chosen, rejected, tie; zeros where there are none
	trained    int          // rows that the model was trained on
}

type textKey = [32]byte

// measurePart scores the rows of a table in batches.
func measurePart(ctx context.Context, t *stage.Task, name string, table *stage.Table, m *model, similarity float64) (*part, error) {
	p := &part{name: name}
	grouped, err := prompts.GroupRows(ctx, t, table, similarity)
	if err != nil {
		return nil, err
	}
	for c, err := range table.ByID(ctx) {
		if err != nil {
			return nil, err
		}
		if err := p.add(ctx, c, m, grouped); err != nil {
			return nil, err
		}
		t.Progress(int64(len(p.ids)), table.Rows, name+" rows")
	}
	first := map[int]string{}
	for i, g := range grouped.Groups() {
		if _, ok := first[g]; !ok {
			first[g] = hex.EncodeToString(p.ids[i][:8])
		}
		p.groups = append(p.groups, first[g])
	}
	if m.margins != nil {
		return p, nil // which rows it was trained on is not known
	}
	return p, p.disjoint(len(p.ids))
}

// disjoint refuses rows that the model was trained on, except in the part that says so.
func (p *part) disjoint(rows int) error {
	switch {
	case p.name != trainPart && p.trained > 0:
		return fmt.Errorf("%d of the %d rows of %q are rows that the model was trained on: what it scores there is no evaluation. "+
			"Measure it on held-out rows, or call the part train", p.trained, rows, p.name)
	case p.name == trainPart && p.trained < rows:
		return fmt.Errorf("%d of the %d rows of train are not rows that the model was trained on: give it the rows that the model's "+
			"stage has as train, and held-out rows another name", rows-p.trained, rows)
	}
	return nil
}

func (p *part) add(ctx context.Context, c dataset.Chunk, m *model, grouped *prompts.Rows) error {
	ids, texts, chosen, rejected := c.IDs(), c.Messages("prompt"), c.Messages("chosen"), c.Messages("rejected")
	groups, categories := c.Strings("group"), c.Strings("category")
	votes := [3]dataset.Ints{c.Ints("votes_chosen"), c.Ints("votes_rejected"), c.Ints("votes_tie")}
	items := make([]reward.Item, 0, 4*c.Rows)
	var turns []dataset.Message
	for r := range c.Rows {
		id := spec.Digest(ids.At(r))
		p.ids = append(p.ids, id)
		if m.trainedOn(id) {
			p.trained++
		}
		turns = texts.Append(turns[:0], r)
		prompt, good, bad := render(turns), chosen.Text(r), rejected.Text(r)
		items = append(items, reward.Item{Prompt: prompt, Response: good}, reward.Item{Prompt: prompt, Response: bad},
			reward.Item{Response: good}, reward.Item{Response: bad})
		p.lengths = append(p.lengths, [2]int{utf8.RuneCountInString(good), utf8.RuneCountInString(bad)})
		p.texts = append(p.texts, [2]textKey{text.Hash(good), text.Hash(bad)})
		p.categories = append(p.categories, valueOf(categories, r))
		grouped.Add(texts.Text(r), valueOf(groups, r))
		var v [3]int64
		for k := range v {
			if !votes[k].Null(r) {
				v[k] = votes[k].At(r)
			}
		}
		p.votes = append(p.votes, v)
	}
	if m.margins != nil {
		return p.known(m.margins)
	}
	scores, err := m.scorer.ScoreAll(ctx, items)
	if err != nil {
		return err
	}
	for i := 0; i < len(scores); i += 4 {
		margin := scores[i] - scores[i+1]
		if margin != margin {
			return fmt.Errorf("the model's score of row %s is not a number", p.ids[len(p.margins)])
		}
		p.margins = append(p.margins, margin)
		p.blind = append(p.blind, scores[i+2]-scores[i+3])
	}
	return nil
}

// known takes the margins of the rows that have none yet from the scores.
func (p *part) known(margins map[spec.Digest]float64) error {
	for _, id := range p.ids[len(p.margins):] {
		x, ok := margins[id]
		if !ok {
			return fmt.Errorf("the scores have no row %s of %q: every row that is measured needs one. Whatever leaves some out would choose "+
				"what it is measured on", id.Short(), p.name)
		}
		p.margins = append(p.margins, x)
	}
	return nil
}

func valueOf(column dataset.Strings, r int) string {
	if column.Null(r) {
		return ""
	}
	return strings.Clone(column.At(r))
}

func render(turns []dataset.Message) string {
	messages := make([]reward.Message, len(turns))
	for i, m := range turns {
		messages[i] = reward.Message{Role: m.Role, Content: m.Content}
	}
	return reward.Render(messages)
}

// trainedOn reports whether a row was in the training set. The ids are sorted, so a search tells.
func (m *model) trainedOn(id spec.Digest) bool {
	low, high := 0, len(m.ids)/len(id)
	for low < high {
		mid := (low + high) / 2
		switch c := bytes.Compare(m.ids[mid*len(id):(mid+1)*len(id)], id[:]); {
		case c == 0:
			return true
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return false
}
