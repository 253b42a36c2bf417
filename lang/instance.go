package lang

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// valueOf returns the block as a value: its outputs and metrics, by key when it has for_each.
func (b *block) valueOf() (cty.Value, bool) {
	if b.value != nil {
		return *b.value, true
	}
	if b.broken {
		return cty.DynamicVal, false
	}
	var v cty.Value
	if b.keyed {
		all := map[string]cty.Value{}
		for _, in := range b.instances {
			if in.enabled {
				all[in.block.Addr.Key] = in.asValue()
			}
		}
		v = cty.ObjectVal(all)
	} else {
		v = b.instances[0].asValue()
	}
	b.value = &v
	return v, true
}

// asValue returns one instance as a value.
func (in *instance) asValue() cty.Value {
	self := &addrValue{addr: in.block.Addr}
	if in.decl.spec != nil {
		self.from = in
	}
	attrs := map[string]any{addrKey: cty.CapsuleVal(addrType, self)}
	for i := range in.ports.Metrics {
		m := &in.ports.Metrics[i]
		for _, name := range metricNames(m) {
			path := strings.Split(name, ".")
			put(attrs, path, cty.CapsuleVal(metricType, &metricValue{in.block.Addr, path, m, in}))
		}
	}
	for _, o := range in.ports.Out {
		attrs[o.Name] = cty.CapsuleVal(refType, &refValue{spec.Ref{Addr: in.block.Addr, Port: o.Name}, o.Artifact, in})
	}
	return objectOf(attrs)
}

// metricNames returns the names under which a metric can be read: itself, and the ends of its interval.
func metricNames(m *spec.MetricDef) []string {
	if !m.Interval {
		return []string{m.Name}
	}
	return []string{m.Name, m.Name + "_low", m.Name + "_high"}
}

// put places v at a path of nested maps. What stands in the way stays.
func put(into map[string]any, path []string, v cty.Value) {
	for _, step := range path[:len(path)-1] {
		next, ok := into[step].(map[string]any)
		if !ok {
			if into[step] != nil {
				return
			}
			next = map[string]any{}
			into[step] = next
		}
		into = next
	}
	last := path[len(path)-1]
	if into[last] == nil {
		into[last] = v
	}
}

func objectOf(m map[string]any) cty.Value {
	out := make(map[string]cty.Value, len(m))
	for k, v := range m {
		if nested, ok := v.(map[string]any); ok {
			out[k] = objectOf(nested)
			continue
		}
		out[k] = v.(cty.Value)
	}
	return cty.ObjectVal(out)
}

// isEnabled reports the use of something that a switched-off block would make.
func (l *loader) isEnabled(in *instance, at diag.Range) bool {
	if in == nil || in.enabled {
		return true
	}
	l.errorf(at, "disabled-block", "Block is disabled",
		"%s is switched off by its `enabled`, so it makes nothing. Enable it, or choose another with a condition.", in.block.Addr)
	return false
}
