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
	goldenContent    = "a3aaf4dbac3d607dd26a7d09bc3376193bfb908a8549c83f56994519d63a71d8"
	goldenKey        = "590974b767a90c82cc4929c82b825ec52a80c1cb5bbaf067c9761303e22c7892"
	goldenOccurrence = "4ca90af0298b9ab0ba1509a4bc4e284ea6738310100eecd73f183cd1c0a6921b"
	goldenMade       = "a3f67418dd14abbbca842b94c5bc8fb6892f858baf866ca22eb0a8c2ba13c6ad"
	goldenRow        = "a304b74c893ce99916ac062527ec82f042ea407962df532a1d597f0dfb8244e7"
)
