package backendtest

import (
	"testing"

	"github.com/prefab-build/prefab/backends"
)

// TestSuite runs on every backend of this machine.
func TestSuite(t *testing.T) { Each(t, Run) }

// TestAgree compares every backend with the one that is always there.
func TestAgree(t *testing.T) {
	Each(t, func(t *testing.T, d *backends.Device) {
		Agree(t, Open(t, backends.CPU), d)
	})
}

// BenchmarkStep measures one training step of the suite's model.
func BenchmarkStep(b *testing.B) {
	for _, name := range backends.Names() {
		b.Run(name, func(b *testing.B) {
			n, err := newNet(Open(b, name))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := n.run(1); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			if _, err := n.run(b.N); err != nil {
				b.Fatal(err)
			}
		})
	}
}
