package evaluate

import (
	"math"
	"testing"

	"github.com/prefab-build/prefab/spec"
)

func TestFitLengthsFindsTheDirection(t *testing.T) {
	p := &part{lengths: [][2]int{{90, 30}, {80, 20}, {50, 60}, {70, 10}}, ids: make([]spec.Digest, 4)}
	w := fitLengths(p)
	if longer := lengthFeatures([2]int{100, 10}); w[0]*longer[0]+w[1]*longer[1] <= 0 {
		t.Errorf("where longer wins three times of four the fit has weights %v", w)
	}
	if math.IsNaN(w[0]) || math.IsInf(w[1], 0) {
		t.Errorf("weights %v", w)
	}
}
