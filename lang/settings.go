package lang

import (
	"encoding/json"
	"maps"
	"strconv"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// project returns the settings of the blocks that stand once.
func (l *loader) project() spec.Project {
	p := spec.Project{Profile: "documented"}
	into := map[string]any{}
	for _, name := range []string{projectBlock, cacheBlock, executorBlock} {
		s := l.decls.single[name]
		if s == nil {
			continue
		}
		d := &decoder{l: l, sc: &scope{}, source: map[string]diag.Range{}}
		keyed, _ := d.body(s.body, l.top[name].Schema, "")
		maps.Copy(into, keyed)
		if name == cacheBlock {
			p.Cache = &spec.Cache{}
			_ = spec.Config(spec.Canonical(keyed)).Decode(p.Cache) // what has another type was reported
		}
		if name == projectBlock {
			l.checkVersion(s.body)
		}
	}
	if s, ok := into["profile"].(string); ok {
		p.Profile = s
	}
	p.RequiredVersion, _ = into["required_version"].(string)
	p.CachePath, _ = into["path"].(string)
	p.Seed = asInt(into["seed"])
	p.Parallelism = int(asInt(into["parallelism"]))
	if n, ok := into["memory_gb"].(json.Number); ok {
		p.MemoryGB, _ = n.Float64()
	}
	if list, _ := into["remote"].([]any); len(list) > 0 {
		p.Remote = &spec.Remote{}
		if err := spec.Config(spec.Canonical(list[0])).Decode(p.Remote); err != nil {
			panic("lang: a remote that was checked cannot be read: " + err.Error())
		}
	}
	return p
}

func asInt(v any) int64 {
	n, _ := v.(json.Number)
	i, _ := strconv.ParseInt(string(n), 10, 64)
	return i
}

// settings returns the backends.
func (l *loader) settings() []spec.Setting {
	var out []spec.Setting
	for _, b := range l.decls.backends {
		if b.body == nil {
			continue
		}
		d := &decoder{l: l, sc: &scope{}, source: map[string]diag.Range{}}
		keyed, unkeyed := d.body(b.body, schemaOf(&b.typ.BlockType, b.label), "")
		maps.Copy(keyed, unkeyed)
		out = append(out, spec.Setting{Addr: b.addr(), Config: spec.Canonical(keyed)})
	}
	return out
}
