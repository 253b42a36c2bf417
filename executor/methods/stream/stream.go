// Package stream draws pseudo-random numbers that depend on a seed and on names, and on nothing else: not on the order
// of rows, the number of threads, the machine or the version of Go. A metric that samples opens a stream for (seed,
// metric name, row key) and gets the same draws for that row wherever and whenever the row is processed.
//
// It refuses to be seeded from a clock, and it is not for secrets.
package stream

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// Version names the method in cache keys.
const Version = "stream/1"

// Stream is a sequence of draws. The generator is PCG-DXSM with 128 bits of state, taken from SHA-256 of the seed and the
// names; the draws of other shapes are defined here rather than by math/rand, whose algorithms may change. A copy of a
// Stream repeats the draws of the original. It must not be used by two goroutines at once.
type Stream struct {
	key [32]byte
	pcg rand.PCG
}

// New opens the stream of a seed and names. Each name is framed by its length, so ("ab", "c") and ("a", "bc") differ;
// names may hold any bytes.
func New(seed uint64, names ...string) Stream {
	buf := make([]byte, 0, 128)
	buf = append(buf, Version...)
	buf = binary.BigEndian.AppendUint64(buf, seed)
	return open(appendNames(buf, names))
}

// Child opens a stream named below s. It depends on how s was named, not on what was drawn from s.
func (s *Stream) Child(names ...string) Stream {
	buf := make([]byte, 0, 128)
	buf = append(buf, s.key[:]...)
	return open(appendNames(buf, names))
}

func appendNames(buf []byte, names []string) []byte {
	for _, n := range names {
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(n)))
		buf = append(buf, n...)
	}
	return buf
}

func open(name []byte) Stream {
	s := Stream{key: sha256.Sum256(name)}
	s.pcg.Seed(binary.BigEndian.Uint64(s.key[:8]), binary.BigEndian.Uint64(s.key[8:16]))
	return s
}

// Uint64 draws 64 uniform bits.
func (s *Stream) Uint64() uint64 { return s.pcg.Uint64() }

// Float64 draws uniformly from [0, 1), a multiple of 2^-53.
func (s *Stream) Float64() float64 { return float64(s.pcg.Uint64()>>11) / (1 << 53) }

// Uint64N draws uniformly from [0, n), without bias (Lemire's multiplication with rejection). It panics when n is 0.
func (s *Stream) Uint64N(n uint64) uint64 {
	if n == 0 {
		panic("stream: Uint64N of 0")
	}
	hi, lo := bits.Mul64(s.pcg.Uint64(), n)
	if lo < n {
		for least := -n % n; lo < least; {
			hi, lo = bits.Mul64(s.pcg.Uint64(), n)
		}
	}
	return hi
}

// IntN draws uniformly from [0, n). It panics when n is not positive.
func (s *Stream) IntN(n int) int {
	if n <= 0 {
		panic("stream: IntN of a number that is not positive")
	}
	return int(s.Uint64N(uint64(n)))
}

// Bool draws a fair coin.
func (s *Stream) Bool() bool { return s.pcg.Uint64()>>63 != 0 }

// Perm draws a permutation of 0 .. n-1.
func (s *Stream) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	s.Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

// Shuffle permutes n things by swapping them (Fisher and Yates, from the end).
func (s *Stream) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, s.IntN(i+1))
	}
}
