package scaffold

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	mostCompared = 200 // files whose fields are compared; what comes later is taken to be like the others
	fewRecords   = 20  // of each
)

// alike keeps those of the files of a folder that have the fields most of them have, and says of the others what they
// have. A folder often holds pairs beside a table about them, and one source reads one kind of record. A file that cannot
// be read is kept, for the error that it will be.
func (c *choice) alike(folder string) {
	type kind struct {
		fields map[string]bool
		files  []string
	}
	var kinds []*kind
	var rest []string
	for i, path := range c.files {
		fields := fieldsOf(path)
		if i >= mostCompared || len(fields) == 0 {
			rest = append(rest, path)
			continue
		}
		at := slices.IndexFunc(kinds, func(k *kind) bool { return similar(k.fields, fields) })
		if at < 0 {
			at = len(kinds)
			kinds = append(kinds, &kind{fields: fields})
		}
		kinds[at].files = append(kinds[at].files, path)
	}
	if len(kinds) < 2 {
		return
	}
	first := slices.MaxFunc(kinds, func(a, b *kind) int { return len(a.files) - len(b.files) })
	c.files = slices.Sorted(slices.Values(append(first.files, rest...)))
	for _, k := range kinds {
		if k != first {
			c.notes = append(c.notes, fmt.Sprintf("%s: %s, which %s has not", aside(folder, k.files), has(k.fields, first.fields), first.files[0]))
		}
	}
}

// fieldsOf returns the fields of the first records of a file, each with its type: texts and lists of messages under one
// name are read in two ways.
func fieldsOf(path string) map[string]bool {
	fields := map[string]bool{}
	format, comma, err := formatOf(path)
	if err != nil {
		return nil
	}
	s := &sample{name: path, format: format, comma: comma}
	if s.read(path, fewRecords) != nil {
		return nil
	}
	for _, r := range s.records {
		for name, v := range r {
			switch v.(type) {
			case []any:
				name += " (a list)"
			case map[string]any:
				name += " (an object)"
			}
			fields[name] = true
		}
	}
	return fields
}

// similar reports whether two sets of names have at least half of the smaller one in common.
func similar(a, b map[string]bool) bool {
	common := 0
	for name := range a {
		if b[name] {
			common++
		}
	}
	return 2*common >= min(len(a), len(b))
}

// has names fields of a that b lacks.
func has(a, b map[string]bool) string {
	const most = 4
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(a)), func(name string) bool { return b[name] })
	text := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return "the records have " + text
}
