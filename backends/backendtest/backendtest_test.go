package backendtest

import (
	"strings"
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

// TestClass: what a plan takes for a device's class without loading it is the class of the device.
func TestClass(t *testing.T) {
	Each(t, func(t *testing.T, d *backends.Device) {
		class, err := backends.Numerics(d.Name(), options(d.Name()))
		if err != nil || class != d.Numerics() || !strings.HasPrefix(class, "go/") && !strings.HasPrefix(class, d.Name()+":") {
			t.Errorf("the class is %q before opening (%v) and %q after", class, err, d.Numerics())
		}
		if _, _, err := backends.Check(t.Context(), d); err != nil {
			t.Error(err)
		}
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
