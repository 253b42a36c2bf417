package text

import (
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func words(f Form, s string) []string {
	var out []string
	var r Reader
	for r.Reset(f, s); r.Next(); {
		out = append(out, string(r.AppendText(nil)))
	}
	return out
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		tokens         []string
	}{
		{"empty", "", "", nil},
		{"separators only", " \t\r\n.,!?_-", "", nil},
		{"plain", "The quick brown fox", "the quick brown fox", nil},
		{"punctuation and case", "  Hello,   WORLD! it's_me\n", "hello world it s me", nil},
		{"digits stay", "3.14 and 1,000", "3 14 and 1 000", nil},
		{"composed and decomposed", "caf\u00e9 cafe\u0301 CAFE\u0301", "caf\u00e9 caf\u00e9 caf\u00e9", nil},
		{"folding makes a base that composes", "H\u0331", "\u1e96", nil},
		{"compatibility", "\ufb01ne Ⅷ ｆｕｌｌ ①", "fine viii full 1", nil},
		{"fraction splits", "\u00bd", "1 2", nil},
		{"sigma and long s", "ΣΊΣΥΦΟΣ ſet", "σίσυφοσ set", nil},
		{"sharp s", "Straße STRAẞE", "straße straße", nil},
		{"dotless stays", "ı I", "ı i", nil},
		{"separator that combines", "a=\u0338b", "a b", nil}, // becomes the unequal sign
		{"space with an accent", "a \u0301b", "a \u0301b", nil},
		{"not utf-8", "a\xffb\xc3", "a b", nil},
		{"ideographs", "中文 abc字", "中文 abc字", []string{"中", "文", "abc", "字"}},
		{"kana", "カタカナ ﾌﾞｰ", "カタカナ ブー", []string{"カ", "タ", "カ", "ナ", "ブ", "ー"}},
		{"thai keeps marks", "ภาษาที่", "ภาษาที่", []string{"ภ", "า", "ษ", "า", "ที่"}},
		{"sara am", "\u0e01\u0e33", "\u0e01\u0e4d\u0e32", []string{"\u0e01\u0e4d", "\u0e32"}},
		{"hangul has spaces", "안녕 \u1112\u1161\u11ab", "안녕 한", nil},
		{"emoji separate", "a😀b", "a b", nil},
		{"soft hyphen separates", "co\u00adop", "co op", nil},
	} {
		if got := Normalize(c.in); got != c.want {
			t.Errorf("%s: Normalize(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
		want := c.tokens
		if want == nil {
			want = strings.Fields(c.want)
		}
		if got := words(N1, c.in); !slices.Equal(got, want) {
			t.Errorf("%s: tokens of %q are %q, want %q", c.name, c.in, got, want)
		}
	}
}

func TestForms(t *testing.T) {
	zero, strip := Form{DigitsZero: true}, Form{MarksStrip: true}
	for _, c := range []struct {
		f        Form
		in, want string
	}{
		{zero, "|$17.56||1|\n|$15.37||2599|", "0 0 0 0"}, // DataTrove's test of its normal form
		{zero, "v1.2.3, x² 3,000,000 5. 7", "v0 0 x0 0 0 0 0"},
		{zero, "abc123def45", "abc0def0"},
		{zero, "١٢٣ and 12", "0 and 0"},
		{zero, "no digits", "no digits"},
		{strip, "Café Ångström naïve", "cafe angstrom naive"},
		{strip, "한글", "한글"},
		{strip, "e\u0301", "e"},
		{Form{true, true}, "Prix: 12,50 à payer", "prix 0 a payer"},
	} {
		if got := string(c.f.Append(nil, c.in)); got != c.want {
			t.Errorf("%+v of %q is %q, want %q", c.f, c.in, got, c.want)
		}
	}
}

// plainly is the definition of N1 and its tokens, done on the whole text at once.
func plainly(s string) (string, []string) {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = norm.NFKC.String(strings.Map(fold, norm.NFKC.String(s)))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N)
	}), " ")
	var tokens []string
	open, single := false, false
	for _, r := range s {
		c := classify(r)
		switch {
		case r == ' ':
			open = false
			continue
		case !open, c == alone, c == word && single:
			tokens = append(tokens, "")
			open, single = true, c == alone
		}
		tokens[len(tokens)-1] += string(r)
	}
	return s, tokens
}

var alphabet = []rune("aaBbZ09 \n.,'_-\u00e9\u0301\u0331\u0338\u0345\u00bd\u00b4\ufb01ΣςµÅЖи中文字かガｶﾞー\u3099ไทยที่\u0e33한\u1112\u1161\u11ab" +
	"က္ខ\u200d😀\u00ad\ufffdİıẞß\u0915\u094d\u0937\U0001d400\u2126\u1e9b\u0323")

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(30) {
		if r.IntN(40) == 0 {
			b.WriteByte(byte(r.Uint32()))
			continue
		}
		if r.IntN(40) == 0 {
			b.WriteRune(rune(r.IntN(unicode.MaxRune)))
			continue
		}
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func checkAgainstDefinition(t *testing.T, s string) {
	t.Helper()
	want, tokens := plainly(s)
	if got := Normalize(s); got != want {
		t.Fatalf("Normalize(%+q) = %+q, want %+q", s, got, want)
	}
	if got := words(N1, s); !slices.Equal(got, tokens) {
		t.Fatalf("tokens of %+q are %+q, want %+q", s, got, tokens)
	}
	if again := Normalize(want); again != want {
		t.Fatalf("N1 of N1 of %+q is %+q, want %+q", s, again, want)
	}
	var r Reader
	for r.Reset(N1, s); r.Next(); {
		if n := len(r.AppendSkeleton(nil)); n != r.SkeletonLen() {
			t.Fatalf("a token of %+q has a skeleton of %d bytes, not %d", s, n, r.SkeletonLen())
		}
	}
	hashes := AppendHashes(nil, s)
	places := Tokens(s)
	if len(hashes) != len(tokens) || len(places) != len(tokens) {
		t.Fatalf("%d hashes and %d places for %d tokens of %+q", len(hashes), len(places), len(tokens), s)
	}
	for i, tok := range tokens {
		if hashes[i] != HashToken(tok) {
			t.Fatalf("hash %d of %+q is not its token's", i, s)
		}
		p := places[i]
		if p.Start < 0 || p.End <= p.Start || p.End > len(s) || i > 0 && p.Start < places[i-1].Start {
			t.Fatalf("place %v of token %d of %+q", p, i, s)
		}
		if part, _ := plainly(s[p.Start:p.End]); !strings.Contains(part, tok) {
			t.Fatalf("token %+q of %+q is placed at %+q", tok, s, s[p.Start:p.End])
		}
	}
}

func TestAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		checkAgainstDefinition(t, randomText(r))
	}
}

func FuzzAgainstDefinition(f *testing.F) {
	for _, s := range []string{"Hello, world", "e\u0301", "\u0e01\u0e33", "a\xff", "ﾌﾞ中", "½²"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		// Past 30 marks in a row the normaliser joins and cuts at places of its own.
		marks := 0
		for _, r := range norm.NFKD.String(s) {
			if marks++; !unicode.Is(unicode.M, r) {
				marks = 0
			}
			if marks >= 20 {
				t.Skip()
			}
		}
		checkAgainstDefinition(t, s)
	})
}

func TestPlaces(t *testing.T) {
	s := "  Ça va, mon ﬁls? 12½ 中文"
	want := []string{"Ça", "va", "mon", "ﬁls", "12½", "½", "中", "文"}
	var got []string
	for _, p := range Tokens(s) {
		got = append(got, s[p.Start:p.End])
	}
	if !slices.Equal(got, want) {
		t.Errorf("places %q, want %q", got, want)
	}
}

func TestHashAndSkeleton(t *testing.T) {
	if Hash("A  b!") != sha256.Sum256([]byte("a b")) {
		t.Error("Hash is not the SHA-256 of N1")
	}
	if got := Skeleton("It's a-b_c, Café no. 7 ที่"); got != "itsabccaf\u00e9no7ท" {
		t.Errorf("Skeleton = %q", got)
	}
	if HashToken("x") != HashToken([]byte("x")) || HashToken("x") == HashToken("y") {
		t.Error("HashToken")
	}
	// Pinned: cached artifacts hold these.
	if got := AppendHashes(nil, "Hello"); got[0] != 0xa6e623b229a85d74 {
		t.Errorf("the hash of hello is %#x", got[0])
	}
}

func TestShingles(t *testing.T) {
	for _, c := range []struct {
		s     string
		n     int
		chars int
		words int
	}{
		{"", 3, 0, 0}, {"ab", 3, 1, 1}, {"abcde", 3, 3, 1}, {"aaaa aaaa", 2, 3, 1}, {"a b c a b c", 2, 6, 3}, {"héllo", 5, 1, 1},
	} {
		ch, w := CharShingles(c.s, c.n), WordShingles(c.s, c.n)
		if len(ch) != c.chars || len(w) != c.words {
			t.Errorf("%q n=%d: %d character and %d word shingles, want %d and %d", c.s, c.n, len(ch), len(w), c.chars, c.words)
		}
		if !slices.IsSorted(ch) || !slices.IsSorted(w) {
			t.Errorf("%q: not sorted", c.s)
		}
	}
	if a, b := CharShingles("abcdef", 5), CharShingles("ABCDE!", 5); !slices.Contains(a, b[0]) {
		t.Error("a shared run of characters gives no shared shingle")
	}
	if a, b := WordShingles("x y z", 2), WordShingles("y, z", 2); !slices.Contains(a, b[0]) {
		t.Error("a shared run of words gives no shared shingle")
	}
	if slices.Equal(WordShingles("a b", 2), WordShingles("b a", 2)) {
		t.Error("word shingles ignore order")
	}
}

// TestUnicodeVersion fails when a new Go or x/text brings new tables: N1 then changes for some texts, so raise Version.
func TestUnicodeVersion(t *testing.T) {
	if unicode.Version != "15.0.0" || norm.Version != "15.0.0" {
		t.Errorf("tables of Unicode %s and %s: raise Version and this test", unicode.Version, norm.Version)
	}
}

func benchmarkText(b *testing.B, s string, f func(s string)) {
	s = strings.Repeat(s, 1+100000/len(s))
	if !utf8.ValidString(s) {
		b.Fatal("not UTF-8")
	}
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		f(s)
	}
}

const english = "The quick brown fox jumps over the lazy dog; it wasn't expecting 42 of them, was it?\n"

func BenchmarkHashes(b *testing.B) {
	dst := make([]uint64, 0, 1<<20)
	hash := func(s string) { dst = AppendHashes(dst[:0], s) }
	b.Run("ascii", func(b *testing.B) { benchmarkText(b, english, hash) })
	b.Run("french", func(b *testing.B) {
		benchmarkText(b, "L’été dernier, nous étions très heureux à la plage où les garçons jouaient. ", hash)
	})
	b.Run("russian", func(b *testing.B) {
		benchmarkText(b, "Съешь же ещё этих мягких французских булок, да выпей чаю. ", hash)
	})
	b.Run("chinese", func(b *testing.B) { benchmarkText(b, "我能吞下玻璃而不伤身体。", hash) })
}

func BenchmarkNormalize(b *testing.B) {
	dst := make([]byte, 0, 1<<20)
	benchmarkText(b, english, func(s string) { dst = N1.Append(dst[:0], s) })
}

func BenchmarkCharShingles(b *testing.B) {
	dst := make([]uint64, 0, 1<<20)
	b.SetBytes(2000)
	s := strings.Repeat(english, 30)[:2000]
	for b.Loop() {
		dst = N1.AppendCharShingles(dst, s, 5)
	}
}
