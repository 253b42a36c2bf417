package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/prefab-build/prefab/spec"
)

// A got is a segment whose bytes outlive emit.
type got struct {
	bytes  string
	places []Place
}

func frameAll(t testing.TB, src spec.Source, content []byte) ([]got, Summary) {
	t.Helper()
	segs, sum, err := tryFrame(src, content)
	if err != nil {
		t.Fatal(err)
	}
	return segs, sum
}

func tryFrame(src spec.Source, content []byte) (segs []got, sum Summary, err error) {
	sum, err = Frame("f", bytes.NewReader(content), src, func(s Segment) error {
		if s.Records != len(s.Places) {
			return fmt.Errorf("%d records with %d places", s.Records, len(s.Places))
		}
		segs = append(segs, got{string(s.Bytes), slices.Clone(s.Places)})
		return nil
	})
	return segs, sum, err
}

func joined(segs []got) string {
	var b strings.Builder
	for _, s := range segs {
		b.WriteString(s.bytes)
	}
	return b.String()
}

func TestSmallFiles(t *testing.T) {
	for _, c := range []struct {
		name, format, in, want string
		lines                  []int64
		blank                  int64
	}{
		{"jsonl", JSONL, "{}\n{\"a\":1}\n", "{}\n{\"a\":1}\n", []int64{1, 2}, 0},
		{"jsonl without last line feed", JSONL, "{}\n1", "{}\n1\n", []int64{1, 2}, 0},
		{"jsonl blank lines", JSONL, "\n{}\n \t\r\n\n[]\n", "{}\n[]\n", []int64{2, 5}, 3},
		{"jsonl byte order mark", JSONL, "\xef\xbb\xbf{}\n", "{}\n", []int64{1}, 0},
		{"jsonl carriage returns stay", JSONL, "{}\r\n{}\r\n", "{}\r\n{}\r\n", []int64{1, 2}, 0},
		{"jsonl empty", JSONL, "", "", nil, 0},
		{"json", JSON, " [ {\"a\": [1, 2]} ,\n \"],\\\"[\" , 3 ]\n", "{\"a\": [1, 2]},\"],\\\"[\",3,", []int64{1, 2, 2}, 0},
		{"json empty array", JSON, "[ ]", "", nil, 0},
		{"json missing element", JSON, "[1,,2,]", "1,,2,,", []int64{1, 1, 1, 1}, 0},
		{"json pretty", JSON, "[\n{\n\"a\":1\n},\n{}\n]", "{\n\"a\":1\n},{},", []int64{2, 5}, 0},
		{"csv quoted line ends", CSV, "a,\"b\nc\"\"\n\",d\n1,2,3\n", "a,\"b\nc\"\"\n\",d\n1,2,3\n", []int64{1, 4}, 0},
		{"csv quote within a field", CSV, "5\" pipe,x\ny,z\n", "5\" pipe,x\ny,z\n", []int64{1, 2}, 0},
		{"csv blank lines", CSV, "a\n\r\n\nb", "a\nb\n", []int64{1, 4}, 2},
		{"tsv", TSV, "a\t\"b\n\"\nc\td\n", "a\t\"b\n\"\nc\td\n", []int64{1, 3}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			segs, sum := frameAll(t, spec.Source{Format: c.format}, []byte(c.in))
			if joined(segs) != c.want || sum.Blank != c.blank || sum.Bytes != int64(len(c.in)) {
				t.Errorf("got %q, %+v", joined(segs), sum)
			}
			var lines []int64
			for _, s := range segs {
				for _, p := range s.places {
					lines = append(lines, p.Line)
				}
			}
			if !slices.Equal(lines, c.lines) {
				t.Errorf("records at lines %v, want %v", lines, c.lines)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	segs, sum := frameAll(t, spec.Source{Format: CSV, Header: true}, []byte("\n\"a\nb\",c\r\n1,2\n"))
	if string(sum.Header) != "\"a\nb\",c\r" || joined(segs) != "1,2\n" || segs[0].places[0] != (Place{4, 10, 4}) {
		t.Errorf("header %q, rows %q at %v", sum.Header, joined(segs), segs)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, format, in, want string }{
		{"object", JSON, "{\"a\":1}\n", "jsonl"},
		{"open array", JSON, "[1, 2", "not closed"},
		{"open string", JSON, "[1, \"2]", "not closed"},
		{"second array", JSON, "[1]\n[2]", "line 2"},
		{"empty", JSON, " ", "empty"},
		{"utf-16", JSONL, "\xff\xfe{\x00", "UTF-16"},
		{"bzip2", JSONL, "BZh91AY", "bunzip2"},
		{"parquet", JSONL, "PAR1....", `is a Parquet file: read it with source "parquet"`},
		{"no parquet", Parquet, "nothing of the kind", "no Parquet file"},
		{"format", "xml", "<a/>", "xml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := tryFrame(spec.Source{Format: c.format}, []byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
		})
	}
	if _, _, err := tryFrame(spec.Source{Format: CSV, Comma: "::"}, nil); err == nil {
		t.Error("a separator of two characters was taken")
	}
	stop := errors.New("stop")
	if _, err := Frame("f", strings.NewReader("1\n"), spec.Source{Format: JSONL}, func(Segment) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of emit became %v", err)
	}
}

// However a file is cut into blocks, its segments are the same.
func TestBlocksDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]string{JSONL, JSON, CSV}).Draw(t, "format")
		body := rapid.StringOfN(rapid.SampledFrom([]rune("a,\"\\\n\r [{]}1")), 0, 60, -1).Draw(t, "content")
		if format == JSON {
			body = "[" + body + "]"
		}
		split := func(cuts []int) (string, error) {
			var out []byte
			src := spec.Source{Format: format}
			seg := newSegmenter(src, func(s Segment) error {
				out = fmt.Appendf(out, "%q %v\n", s.Bytes, s.Places)
				return nil
			})
			sp, err := newSplitter("f", src, seg)
			if err != nil {
				return "", err
			}
			last := 0
			for _, c := range append(cuts, len(body)) {
				if err := sp.write([]byte(body[last:c])); err != nil {
					return "", err
				}
				last = c
			}
			if err := sp.close(); err != nil {
				return "", err
			}
			return string(out) + fmt.Sprint(seg.sum), seg.flush()
		}
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(body)), 0, 8).Draw(t, "cuts")
		slices.Sort(cuts)
		whole, err1 := split(nil)
		pieces, err2 := split(cuts)
		if whole != pieces || fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Fatalf("%q cut at %v:\n%s %v\n%s %v", body, cuts, whole, err1, pieces, err2)
		}
	})
}

func randomLines(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([][]byte, n)
	for i := range list {
		list[i] = fmt.Appendf(nil, `{"id":%d,"text":"%s"}`, i, strings.Repeat("x", r.IntN(3000)))
	}
	return list
}

func TestEditsAreLocal(t *testing.T) {
	list := randomLines(6000)
	join := func(list [][]byte) []byte { return append(bytes.Join(list, []byte("\n")), '\n') }
	digests := func(content []byte) map[spec.Digest]bool {
		segs, sum := frameAll(t, spec.Source{Format: JSONL}, content)
		set := map[spec.Digest]bool{}
		for i, s := range segs {
			if len(s.bytes) > maxSegment || (len(s.bytes) < minSegment && i < len(segs)-1) {
				t.Errorf("a segment of %d bytes", len(s.bytes))
			}
			set[spec.HashBytes([]byte(s.bytes))] = true
		}
		if joined(segs) != string(content) || sum.Segments != len(segs) {
			t.Error("segments do not add up to the file")
		}
		return set
	}
	before := digests(join(list))
	for _, c := range []struct {
		name string
		list [][]byte
		most int // new segments
	}{
		{"insert", slices.Insert(slices.Clone(list), 10, []byte(`{"new":1}`)), 2},
		{"delete", slices.Delete(slices.Clone(list), 3000, 3001), 2},
		{"append", append(slices.Clone(list), []byte(`{"new":1}`)), 1},
	} {
		fresh := 0
		for d := range digests(join(c.list)) {
			if !before[d] {
				fresh++
			}
		}
		if fresh == 0 || fresh > c.most {
			t.Errorf("%s: %d of %d segments are new, want at most %d", c.name, fresh, len(before), c.most)
		}
	}
	// The same records as a JSON array are cut at the same places, white space between them or not.
	a := digests2(t, "["+string(bytes.Join(list, []byte(",")))+"]")
	b := digests2(t, "[\n  "+string(bytes.Join(list, []byte(" ,\n  ")))+"\n]\n")
	if !slices.Equal(a, b) {
		t.Error("white space between elements moves the cuts")
	}
}

func digests2(t *testing.T, content string) (list []string) {
	segs, _ := frameAll(t, spec.Source{Format: JSON}, []byte(content))
	for _, s := range segs {
		list = append(list, spec.HashBytes([]byte(s.bytes)).Short())
	}
	return list
}

// The cuts are part of every cache key, so they are frozen.
func TestCutsGolden(t *testing.T) {
	segs, _ := frameAll(t, spec.Source{Format: JSONL}, append(bytes.Join(randomLines(3000), []byte("\n")), '\n'))
	var sizes []int
	for _, s := range segs {
		sizes = append(sizes, len(s.places))
	}
	if want := goldenCuts; !slices.Equal(sizes, want) {
		t.Errorf("records by segment: %#v, want %v", sizes, want)
	}
}

func TestOversized(t *testing.T) {
	long := `{"text":"` + strings.Repeat("y,\"", 500) + "\"}"
	segs, sum := frameAll(t, spec.Source{Format: JSONL, MaxSize: 1000}, []byte("{}\n"+long+"\n[]\n"))
	if len(segs) != 3 || segs[0].bytes != "{}\n" || segs[2].bytes != "[]\n" || sum.Records != 3 {
		t.Fatalf("%d segments", len(segs))
	}
	want := fmt.Sprintf("%s%d {", OversizedMark, len(long))
	if s := segs[1].bytes; !strings.HasPrefix(s, want) || strings.Count(s, "\n") != 1 || len(s) > 200 {
		t.Errorf("an oversized record is marked %q", s)
	}
	big := strings.Repeat("z", 3<<20)
	segs, _ = frameAll(t, spec.Source{Format: JSONL}, []byte("1\n"+big+"\n2\n"))
	if len(segs) != 3 || segs[1].bytes != big+"\n" {
		t.Errorf("a record over a megabyte is not alone: %d segments", len(segs))
	}
}

func pack(t testing.TB, with func(io.Writer) io.WriteCloser, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := with(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

func zs(w io.Writer) io.WriteCloser {
	z, err := zstd.NewWriter(w)
	if err != nil {
		panic(err)
	}
	return z
}

func TestPacked(t *testing.T) {
	content := append(bytes.Join(randomLines(1500), []byte("\n")), '\n')
	plain, _ := frameAll(t, spec.Source{Format: JSONL}, content)
	for packing, with := range map[Packing]func(io.Writer) io.WriteCloser{Gzip: gz, Zstd: zs} {
		whole := pack(t, with, content)
		members := append(pack(t, with, content[:1000]), pack(t, with, content[1000:])...)
		for _, packed := range [][]byte{whole, members} {
			segs, sum := frameAll(t, spec.Source{Format: JSONL}, packed)
			if joined(segs) != joined(plain) || len(segs) != len(plain) || sum.Packing != packing {
				t.Errorf("%s: unpacked to other segments", packing)
			}
		}
		for _, n := range []int{10, len(whole) / 2, len(whole) - 1} {
			_, _, err := tryFrame(spec.Source{Format: JSONL}, whole[:n])
			if err == nil || !strings.Contains(err.Error(), "f is truncated") {
				t.Errorf("%s cut to %d of %d bytes: %v", packing, n, len(whole), err)
			} else if want := fmt.Sprintf("early at byte %d", n); !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want it to say %q", packing, err, want)
			}
		}
		bad := bytes.Clone(whole)
		for i := len(bad) / 2; i < len(bad)/2+40; i++ {
			bad[i] ^= 0x55
		}
		behind := append(bytes.Clone(whole), "rest"...)
		_, _, err := tryFrame(spec.Source{Format: JSONL}, behind)
		if want := fmt.Sprintf("from byte %d on, behind its gzip data, is something else; what comes before has %d unpacked bytes", len(whole), len(content)); packing == Gzip &&
			(err == nil || !strings.Contains(err.Error(), want)) || err == nil {
			t.Errorf("%s with something behind it: %v", packing, err)
		}
		inner := pack(t, with, []byte("PAR1...."))
		for format, want := range map[string]string{JSONL: "is a Parquet file packed with " + string(packing), Parquet: "unpack it first"} {
			if _, _, err := tryFrame(spec.Source{Format: format}, inner); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("a packed Parquet file as %s: %v", format, err)
			}
		}
		if _, _, err := tryFrame(spec.Source{Format: JSONL}, bad); err == nil {
			t.Errorf("%s: flipped bits were not noticed", packing)
		}
	}
	if _, _, err := tryFrame(spec.Source{Format: JSONL}, []byte("\x1f\x8b")); err == nil {
		t.Error("half a gzip header was taken for a file")
	}
}

// TestDialects: a table of another dialect than the source says is told by its header, not by what its rows come to.
func TestDialects(t *testing.T) {
	for _, c := range []struct {
		format, comma, in, want string
		bare                    bool // without a header
	}{
		{CSV, "", "prompt,chosen\ra,b\rc,d\r", "CR alone", false},
		{CSV, "", "a,b\rc,d\r", "CR alone", true},
		{CSV, "", "\"x\ry\",\"b\"\r\"a\",\"b\"", "at byte 9", false},
		{CSV, "", "\"x\ry\",\"b\"\r\n\"a\",\"b\"\n", "", false},
		{CSV, "", "prompt;chosen;rejected\r\na;b;c\r\n", `comma = ";"`, false},
		{CSV, "", "\"prompt\"|\"chosen\"\n", `comma = "|"`, false},
		{CSV, "", "prompt\tchosen\n", `source "tsv"`, false},
		{CSV, ",", "prompt;chosen;rejected\n", "", false},
		{CSV, ";", "prompt;chosen;rejected\n", "", false},
		{CSV, "", "Why; and how?\n", "", false},
		{CSV, "", "prompt;chosen,rejected\n", "", false},
		{TSV, "", "prompt,chosen\n", `source "csv"`, false},
		{TSV, "", "prompt;chosen\n", `comma = ";"`, false},
	} {
		_, _, err := tryFrame(spec.Source{Format: c.format, Comma: c.comma, Header: !c.bare}, []byte(c.in))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %q: %v, want %q", c.format, c.in, err, c.want)
		}
	}
}

func TestRealFiles(t *testing.T) {
	dir := os.Getenv("PREFAB_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	for _, c := range []struct {
		path    string
		src     spec.Source
		records int64
	}{
		{"pairs/hh_harmless.jsonl.gz", spec.Source{Format: HHRLHF}, 1408},
		{"pairs/dpo_en_demo.json", spec.Source{Format: JSON}, 300},
		{"benchmarks/TruthfulQA.csv", spec.Source{Format: CSV, Header: true}, 817},
		{"pairs/humour_judgements.jsonl.gz", spec.Source{Format: JSONL}, 73521},
	} {
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(c.path)))
		if err != nil {
			t.Skip("set PREFAB_TEST_DATA to the folder of test data: ", err)
		}
		sum, err := Frame(c.path, f, c.src, func(Segment) error { return nil })
		if err != nil || sum.Records != c.records {
			t.Errorf("%s: %d records, want %d; %v", c.path, sum.Records, c.records, err)
		}
		f.Close()
	}
}

func FuzzFrame(f *testing.F) {
	for i, s := range []string{"{}\n1\n", "[1,{\"a\":\"]\"}]", "a,\"b\nc\"\n", "\xef\xbb\xbfx", "\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "[,]", "\"\n\"\""} {
		f.Add(i%4, []byte(s))
	}
	f.Fuzz(func(t *testing.T, format int, content []byte) {
		src := spec.Source{Format: []string{JSONL, JSON, CSV, TSV}[uint(format)%4], MaxSize: 1 << 16, Header: format < 0}
		records := int64(0)
		sum, err := Frame("f", bytes.NewReader(content), src, func(s Segment) error {
			records += int64(s.Records)
			return nil
		})
		if err == nil && records != sum.Records {
			t.Errorf("%d records in segments, %d in the summary", records, sum.Records)
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	content := append(bytes.Join(randomLines(20000), []byte("\n")), '\n')
	array := []byte("[" + strings.ReplaceAll(strings.TrimSpace(string(content)), "\n", ",") + "]")
	for _, c := range []struct {
		name    string
		src     spec.Source
		content []byte
		size    int
	}{
		{"jsonl", spec.Source{Format: JSONL}, content, len(content)},
		{"json", spec.Source{Format: JSON}, array, len(array)},
		{"csv", spec.Source{Format: CSV}, content, len(content)},
		{"gzip", spec.Source{Format: JSONL}, pack(b, gz, content), len(content)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(c.size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Frame("f", bytes.NewReader(c.content), c.src, func(Segment) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var goldenCuts = []int{173, 305, 498, 424, 256, 442, 445, 367, 90}
