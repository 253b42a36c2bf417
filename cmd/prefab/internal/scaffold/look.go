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
	"regexp"
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

// A choice is what was found in a folder.
type choice struct {
	files []string // to read
	held  []string // that look like parts to examine a model on
	notes []string
}

// dataFiles returns the file, or those of a folder with the ending that most of the bytes have. Where some of them are
// called train and others test, the others are left aside.
func dataFiles(path string) (choice, error) {
	info, err := os.Stat(path)
	if err != nil {
		return choice{}, fmt.Errorf("there is nothing to look at: %w", err)
	}
	if !info.IsDir() {
		return choice{files: []string{path}}, nil
	}
	byEnding, size := map[string][]string{}, map[string]int64{}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Type()&^fs.ModeSymlink != 0 {
			return err
		}
		if e := ending(p); e != "" {
			info, err := d.Info()
			if err != nil {
				return err
			}
			byEnding[e] = append(byEnding[e], p)
			size[e] += info.Size()
		}
		return nil
	})
	if err != nil {
		return choice{}, err
	}
	best := ""
	for _, e := range slices.Sorted(maps.Keys(byEnding)) {
		if best == "" || size[e] > size[best] {
			best = e
		}
	}
	if best == "" {
		return choice{}, fmt.Errorf("the folder %s holds no file that ends in %s, plain or with .gz or .zst", path, strings.Join(endings, ", "))
	}
	var c choice
	for _, e := range slices.Sorted(maps.Keys(byEnding)) {
		if e != best {
			c.notes = append(c.notes, aside(path, byEnding[e])+fmt.Sprintf(": most of the data ends in %s", best))
		}
	}
	c.files, c.held = partition(byEnding[best])
	c.alike(path)
	if len(c.held) > 0 {
		c.notes = append(c.notes, aside(path, c.held)+": by the name it is held out, and split would put some of it into training; the spec says how to measure on it")
	}
	return c, nil
}

// aside names files that are not read, the first three of them.
func aside(folder string, files []string) string {
	const most = 3
	var names []string
	for _, f := range files[:min(len(files), most)] {
		name, err := filepath.Rel(folder, f)
		if err != nil {
			name = f
		}
		names = append(names, filepath.ToSlash(name))
	}
	text := strings.Join(names, ", ")
	if len(files) > most {
		text += fmt.Sprintf(" and %d more", len(files)-most)
	}
	if len(files) == 1 {
		return text + " was left aside"
	}
	return text + " were left aside"
}

var words = regexp.MustCompile(`[A-Za-z]+`)

// partition sets files aside whose names say that they are held out, where others are left.
func partition(files []string) (use, held []string) {
	for _, f := range files {
		last := slices.ContainsFunc(words.FindAllString(strings.ToLower(filepath.Base(f)), -1), func(w string) bool {
			return slices.Contains([]string{"test", "validation", "valid", "val", "dev", "eval", "heldout"}, w)
		})
		if last {
			held = append(held, f)
		} else {
			use = append(use, f)
		}
	}
	if len(use) == 0 {
		return held, nil
	}
	return use, held
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
