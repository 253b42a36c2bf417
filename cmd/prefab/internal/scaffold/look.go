package scaffold

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/dataset/frame"
	"github.com/prefab-build/prefab/executor/resolve"
	"github.com/prefab-build/prefab/spec"
)

// endings are those of files that may hold data; .gz and .zst may stand behind them.
var endings = []string{".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet"}

func ending(path string) string {
	path = strings.ToLower(path)
	for _, packed := range []string{".gz", ".zst"} {
		path = strings.TrimSuffix(path, packed)
	}
	if e := filepath.Ext(path); slices.Contains(endings, e) {
		return e
	}
	return ""
}

// dataFiles returns the file, or those of a folder that have the commonest ending.
func dataFiles(path string) (files, notes []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("there is nothing to look at: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil, nil
	}
	byEnding := map[string][]string{}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Type()&^fs.ModeSymlink != 0 {
			return err
		}
		if e := ending(p); e != "" {
			byEnding[e] = append(byEnding[e], p)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	best := ""
	for _, e := range slices.Sorted(maps.Keys(byEnding)) {
		if len(byEnding[e]) > len(byEnding[best]) {
			best = e
		}
	}
	if best == "" {
		return nil, nil, fmt.Errorf("the folder %s holds no file that ends in %s, plain or with .gz or .zst", path, strings.Join(endings, ", "))
	}
	for _, e := range slices.Sorted(maps.Keys(byEnding)) {
		if e != best {
			notes = append(notes, fmt.Sprintf("%d files that end in %s were left aside", len(byEnding[e]), e))
		}
	}
	return byEnding[best], notes, nil
}

// A sample is the first records of some files.
type sample struct {
	name    string // of the first file
	format  string // as package frame names it
	comma   string // of a csv, where it is none
	records []map[string]any
}

const (
	mostRecords = 500 // that are looked at, of all files together
	mostFiles   = 5
)

// errEnough ends the framing of a file of which enough was seen.
var errEnough = errors.New("enough was seen")

// look reads the first records of the files.
func look(files []string) (*sample, error) {
	var s *sample
	for _, path := range files[:min(len(files), mostFiles)] {
		format, comma, err := formatOf(path)
		if err != nil {
			return nil, fileError(path, err)
		}
		if s == nil {
			s = &sample{name: path, format: format, comma: comma}
		}
		if format != s.format || comma != s.comma {
			return nil, fmt.Errorf("%s is %s and %s is %s: give one of them, and write a second source block for the other", s.name, s.format, path, format)
		}
		if err := s.read(path, mostRecords/min(len(files), mostFiles)); err != nil {
			return nil, fileError(path, err)
		}
	}
	if len(s.records) == 0 {
		return nil, fileError(s.name, errNothing)
	}
	return s, nil
}

// formatOf tells the format of a file by its first bytes.
func formatOf(path string) (format, comma string, err error) {
	f, err := resolve.Open(path)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if n, err := f.ReadAt(magic, 0); n == len(magic) && err == nil && string(magic) == "PAR1" {
		return frame.Parquet, "", nil
	}
	u, err := frame.Unpack(path, f)
	if err != nil {
		return "", "", err
	}
	defer u.Close()
	head, err := bufio.NewReaderSize(u, 64<<10).Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", "", err
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	if len(head) == 0 {
		return "", "", errNothing
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	switch head[0] {
	case '[':
		return frame.JSON, "", nil
	case '{':
		if len(line) < len(head) && !json.Valid(line) {
			return "", "", errors.New("it begins with an object that goes over several lines: prefab reads one object a line (jsonl) or one array of objects (json)")
		}
		return frame.JSONL, "", nil
	}
	best := ","
	for _, c := range []string{"\t", ";", "|"} {
		if bytes.Count(line, []byte(c)) > bytes.Count(line, []byte(best)) {
			best = c
		}
	}
	switch {
	case !bytes.Contains(line, []byte(best)):
		return "", "", fmt.Errorf("it is no JSON, CSV, TSV or Parquet: it begins with %.40q", line)
	case best == "\t":
		return frame.TSV, "", nil
	case best == ",":
		return frame.CSV, "", nil
	}
	return frame.CSV, best, nil
}

// read appends up to most records of a file.
func (s *sample) read(path string, most int) error {
	f, err := resolve.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	most += len(s.records)
	_, err = frame.Frame(path, f, spec.Source{Format: s.format, Comma: s.comma, Header: true, Read: []string{}}, func(seg frame.Segment) error {
		if err := s.parse(seg); err != nil {
			return err
		}
		if len(s.records) >= most {
			s.records = s.records[:most]
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// parse appends the records of a segment that can be read; what is wrong with others is told when the data are read in
// earnest.
func (s *sample) parse(seg frame.Segment) error {
	if s.format == frame.CSV || s.format == frame.TSV {
		return s.parseTable(seg)
	}
	var array frame.Elements
	for rest := seg.Bytes; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n') + 1
		if s.format == frame.JSON {
			n, _ = array.Next(rest)
		}
		if n <= 0 {
			n = len(rest)
		}
		var o map[string]any
		if json.Unmarshal(bytes.TrimRight(rest[:n], ",] \r\n"), &o) == nil && o != nil {
			s.records = append(s.records, o)
		}
		rest = rest[n:]
	}
	return nil
}

func (s *sample) parseTable(seg frame.Segment) error {
	r := csv.NewReader(io.MultiReader(bytes.NewReader(seg.Header), strings.NewReader("\n"), bytes.NewReader(seg.Bytes)))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	if r.Comma = ','; s.format == frame.TSV {
		r.Comma = '\t'
	} else if s.comma != "" {
		r.Comma = rune(s.comma[0])
	}
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, row := range rows[1:] {
		o := map[string]any{}
		for i, name := range rows[0] {
			if i < len(row) && row[i] != "" {
				o[name] = row[i]
			}
		}
		s.records = append(s.records, o)
	}
	return nil
}
