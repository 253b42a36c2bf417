package stagetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// given is a kind that gives the rows or files in its config.
var given = &stage.Kind{
	KindSpec: spec.KindSpec{
		Name: "given", Version: 1, Determinism: "bitwise",
		Ports: func(c spec.Config) spec.Ports {
			var cfg givenConfig
			_ = c.Decode(&cfg)
			return spec.Ports{Out: []spec.OutPort{{Name: string(cfg.Artifact), Artifact: cfg.Artifact}}}
		},
	},
	Runner: giver{},
}

type givenConfig struct {
	Artifact spec.Artifact
	Rows     string
}

type giver struct{}

// chunkRows is small, so that cases of a few rows have several chunks.
const chunkRows = 3

func (giver) Run(_ context.Context, t *stage.Task) error {
	var cfg givenConfig
	if err := t.Config(&cfg); err != nil {
		return err
	}
	if !cfg.Artifact.IsRows() {
		var files map[string]string
		if err := json.Unmarshal([]byte(cfg.Rows), &files); err != nil {
			return fmt.Errorf("the files of a %s are a JSON object of names and texts: %w", cfg.Artifact, err)
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			content, err := contentOf(files[name])
			if err != nil {
				return fmt.Errorf("the file %s: %w", name, err)
			}
			if err := t.PutFile(string(cfg.Artifact), name, content); err != nil {
				return err
			}
		}
		return nil
	}
	chunks, err := Rows(cfg.Artifact, []byte(cfg.Rows), chunkRows)
	if err != nil {
		return err
	}
	for _, c := range chunks {
		if err := t.Emit(string(cfg.Artifact), c); err != nil {
			return err
		}
	}
	return nil
}

// base64Mark begins the text of a file that is not text.
const base64Mark = "base64:"

func contentOf(text string) ([]byte, error) {
	if code, ok := strings.CutPrefix(text, base64Mark); ok {
		return base64.StdEncoding.DecodeString(code)
	}
	return []byte(text), nil
}

// Files writes files in the form that the input of a case has whose artifact is no table.
func Files(files map[string][]byte) string {
	texts := map[string]string{}
	for name, content := range files {
		texts[name] = base64Mark + base64.StdEncoding.EncodeToString(content)
	}
	return string(spec.Canonical(texts))
}

// Rows reads rows of a table from JSON lines with canonical column names, in chunks of n rows. A row without an "id" of
// 64 hexadecimal digits gets the id of its content; equal rows are told apart by occurrence.
func Rows(a spec.Artifact, lines []byte, n int) ([]dataset.Chunk, error) {
	columns := a.Columns()
	b := dataset.NewChunkBuilder(columns)
	var ids []spec.Digest
	seen := map[spec.Digest]uint64{}
	var out []dataset.Chunk
	var explicit []*spec.Digest
	flush := func() {
		c := b.Finish()
		for i, id := range dataset.ContentIDs(c, columns) {
			if explicit[i] != nil {
				ids = append(ids, *explicit[i])
				continue
			}
			ids = append(ids, dataset.OccurrenceID(id, seen[id]))
			seen[id]++
		}
		out = append(out, c.With(dataset.IDColumn(ids)))
		ids, explicit = nil, nil
	}
	for i, line := range bytes.Split(lines, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var row map[string]any
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		var id *spec.Digest
		if text, ok := row[spec.ID].(string); ok {
			d, err := spec.ParseDigest(text)
			if err != nil {
				d = spec.HashBytes([]byte(text)) // a short name stands for the digest of itself
			}
			id = &d
			delete(row, spec.ID)
		}
		explicit = append(explicit, id)
		for name, v := range row {
			if !slices.ContainsFunc(columns, func(c spec.Column) bool { return c.Name == name }) {
				return nil, fmt.Errorf("line %d: a table of %s has no column %q", i+1, a, name)
			}
			if err := appendValue(b.Column(name), columns[slices.IndexFunc(columns, func(c spec.Column) bool { return c.Name == name })].Type, v); err != nil {
				return nil, fmt.Errorf("line %d: %s: %w", i+1, name, err)
			}
		}
		b.EndRow()
		if b.Rows() == n {
			flush()
		}
	}
	if b.Rows() > 0 {
		flush()
	}
	return out, nil
}

func appendValue(b *dataset.Builder, t spec.ColumnType, v any) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	switch t {
	case spec.String:
		s, ok := v.(string)
		if !ok {
			return fmt.Errorf("%v is no string", v)
		}
		b.AppendString(s)
	case spec.JSON:
		b.AppendString(string(spec.Canonical(v)))
	case spec.Bool:
		x, ok := v.(bool)
		if !ok {
			return fmt.Errorf("%v is no boolean", v)
		}
		b.AppendBool(x)
	case spec.Int64, spec.Float64:
		x, ok := v.(float64)
		if !ok {
			return fmt.Errorf("%v is no number", v)
		}
		if t == spec.Int64 {
			b.AppendInt(int64(x))
		} else {
			b.AppendFloat(x)
		}
	case spec.Messages:
		list, err := messages(v)
		if err != nil {
			return err
		}
		b.AppendMessages(list...)
	default:
		return fmt.Errorf("values of type %s cannot be given", t)
	}
	return nil
}

func messages(v any) ([]dataset.Message, error) {
	if s, ok := v.(string); ok {
		return []dataset.Message{{Content: s}}, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%v is neither a string nor a list of messages", v)
	}
	var out []dataset.Message
	for _, e := range list {
		m, _ := e.(map[string]any)
		role, _ := m["role"].(string)
		content, _ := m["content"].(string)
		out = append(out, dataset.Message{Role: role, Content: content})
	}
	return out, nil
}
