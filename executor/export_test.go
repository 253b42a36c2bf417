package executor

import "github.com/prefab-build/prefab/spec"

// Blobs lists the columns that a result can be seen to have.
func Blobs(r *Result) (list []spec.Digest) {
	for _, o := range r.Outputs {
		for _, c := range o.Table.chunks {
			for _, lv := range c.levels {
				for _, col := range lv.columns {
					list = append(list, col.Blob)
				}
			}
		}
	}
	return list
}
