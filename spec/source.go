package spec

import "encoding/json"

// A Source is a place outside that a stage reads from: files, or a generator. A Mapper with sources has no mapped port;
// its chunks are the segments of its sources, in the order of the sources and of the files' names. A Runner's are raw.
type Source struct {
	Format  string   // jsonl, json, csv, tsv, parquet; raw for files that are no rows; empty for a generated source
	Paths   []string // files and globs, relative to the pipeline's folder
	Header  bool     // the first record of each file names the columns
	Comma   string   // the separator of a csv; empty is the format's own
	Pin     bool     // record the digest in prefab.lock.hcl and refuse another
	MaxSize int64    // largest record, in bytes
	// Read names the fields of a Parquet file that columns and expressions are made of; nil is all that it has. Other
	// fields only stay with the row.
	Read []string
	// Parts are the segments of a generated source. Their bytes are what the generator needs to make each part.
	Parts [][]byte
}

// Full returns the block's config with the unkeyed attributes put back in their places. Unkeyed has the shape of
// Config: attributes of nested blocks stand in a list as long as Config's, each beside its label.
func (b *Block) Full() Config {
	if len(b.Unkeyed) == 0 {
		return b.Config
	}
	var keyed, unkeyed any
	if json.Unmarshal(b.Config, &keyed) != nil || json.Unmarshal(b.Unkeyed, &unkeyed) != nil {
		panic("spec: " + b.Addr.String() + " has a config that is no JSON")
	}
	return Canonical(merge(keyed, unkeyed))
}

func merge(a, b any) any {
	switch b := b.(type) {
	case map[string]any:
		into, ok := a.(map[string]any)
		if !ok {
			return b
		}
		for k, v := range b {
			into[k] = merge(into[k], v)
		}
		return into
	case []any:
		into, ok := a.([]any)
		if !ok || len(into) != len(b) {
			return b
		}
		for i := range b {
			into[i] = merge(into[i], b[i])
		}
		return into
	}
	return b
}
