package resolve

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/prefab-build/prefab/executor/methods/agreement"
	"github.com/prefab-build/prefab/spec"
)

// TestConvincingArguments counts the votes of UKPConvArg1 (51,444 on 10,311 pairs of arguments). Agreement on the
// arguments as they were numbered is .273 by Krippendorff's alpha.
func TestConvincingArguments(t *testing.T) {
	dir := os.Getenv("PREFAB_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, "multi_annotator", "ukpconvarg1_annotations.jsonl.gz"))
	if err != nil {
		t.Skip("the test data are not here: ", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var ballots []ballot
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		var r struct {
			Pair      string `json:"pair_id"`
			Annotator string
			Label     string
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		ballots = append(ballots, ballot{vote: vote{
			id: spec.HashBytes(lines.Bytes()), item: hashText([]byte(r.Pair)), worker: hashText([]byte(r.Annotator)),
			shownA: hashText([]byte("a1")), shownB: hashText([]byte("a2")),
			label: map[string]byte{"a1": 'a', "a2": 'b', "equal": 't'}[r.Label],
		}, row: len(ballots)})
	}
	items, err := tallies(ballots)
	if err != nil || len(ballots) != 51444 || len(items) != 10311 {
		t.Fatalf("%d votes on %d items: %v", len(ballots), len(items), err)
	}
	m, c := newMeasures(), config{MinAgreement: 0.6, MinVotes: 1}
	for _, it := range items {
		n := it.counts()
		m.add(it, n, c.judge(it, n))
	}
	alpha := m.three.Table().Krippendorff(agreement.DistanceNominal)
	if math.Abs(alpha.Value-0.273) > 0.0005 {
		t.Errorf("alpha is %.6f, want .273", alpha.Value)
	}
	without := m.reasons[evenSplit] + m.reasons[lowAgreement]
	if share := float64(without) / float64(m.items); math.Abs(share-0.16) > 0.005 {
		t.Errorf("%.4f of the items have no majority, want .16", share)
	}
	t.Log(m.items, m.decided, m.reasons, m.three.Table().Krippendorff(agreement.DistanceOrdinal).Value)
}
