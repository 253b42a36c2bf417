package expr

import (
	"math/rand/v2"
	"testing"
)

// What is scanned by words stops where what is scanned by bytes does, whatever stands around it.
func TestScansStopAtTheSamePlaces(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	alphabet := []byte{' ', 'a', '!', '#', '[', ']', 0x7f, '"', '\\', 0, 0x1f, '\n', 0x80, 0xa2, 0xdc, 0xff}
	for range 200_000 {
		b := make([]byte, draw.IntN(40))
		for i := range b {
			b[i] = alphabet[draw.IntN(7)]
			if draw.IntN(12) == 0 {
				b[i] = alphabet[draw.IntN(len(alphabet))]
			}
		}
		from := draw.IntN(len(b) + 1)
		plain, ascii := from, from
		for plain < len(b) && b[plain] != '"' && b[plain] != '\\' && b[plain] >= 0x20 {
			plain++
		}
		for ascii < plain && b[ascii] < 0x80 {
			ascii++
		}
		if got := plainUpTo(string(b), from); got != plain {
			t.Fatalf("%q is plain from %d up to %d, not %d", b, from, plain, got)
		}
		if got := plainASCIIUpTo(string(b), from); got != ascii {
			t.Fatalf("%q is plain ASCII from %d up to %d, not %d", b, from, ascii, got)
		}
	}
}
