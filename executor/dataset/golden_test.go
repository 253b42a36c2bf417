package dataset

import "github.com/prefab-build/prefab/spec"

var goldenColumns = []struct {
	t           spec.ColumnType
	nulls, full string // first 12 digits of the digests of a column with nulls and of one without
}{
	{spec.String, "31bfce490305", "2b7d44bd4869"},
	{spec.Int64, "55dae704078e", "169993047e84"},
	{spec.Float64, "20917f1dbaf8", "6049c6a2048d"},
	{spec.Bool, "90cc844f4bf6", "e8beaeec1a5e"},
	{spec.Bytes32, "a3e7f108a728", "296b392cc392"},
	{spec.Messages, "131c321ad96d", "d56fe8dcd2f5"},
	{spec.JSON, "358870da3f69", "44b54c0515cf"},
}

// Recomputed outside of Go from the comments in rowid.go.
const (
	goldenContent    = "04663bb8c140084bc1d4920e911b426370d88b5ca6301855687d649b459e8a89"
	goldenKey        = "590974b767a90c82cc4929c82b825ec52a80c1cb5bbaf067c9761303e22c7892"
	goldenOccurrence = "e4ad7c8e107a47ac8471f5e1c8eb7288ddfec391b17c9e131cf93b4b3324f65f"
	goldenMade       = "7b3d6b942118d5cf81a8435f8b29571bac7b079e24e8306f8a1dd42d4383c2ed"
	goldenRow        = "2e62e67811f2cbfbc945597deaa896c37f76da802f3d393cf5a4a98763f03743"
)
