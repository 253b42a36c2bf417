package lang

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// A block is a stage, a gate or a backend as it is declared: one or, with for_each, several instances.
type block struct {
	node
	kind, label string
	src         *hclsyntax.Block
	typ         *blockKind
	spec        *spec.KindSpec // of a stage
	body        *body
	keyed       bool // has for_each
	broken      bool // what it makes is not known, because of a reported problem
	instances   []*instance

	value *cty.Value
}

// An instance is one block of the pipeline.
type instance struct {
	decl    *block
	block   spec.Block
	config  cty.Value
	ports   spec.Ports
	enabled bool
	broken  bool // a problem was reported in its attributes
	scope   *scope
	value   *cty.Value
	gate    spec.Gate
	taints  map[string]*taint
}

func (b *block) addr() spec.Addr { return spec.Addr{Kind: b.kind, Name: b.label} }
func (b *block) giveUp()         { b.broken = true }

// evaluate makes the instances of the block and decodes each.
func (b *block) evaluate(l *loader) {
	if b.body == nil || b.kind == backendBlock {
		b.instances = []*instance{{decl: b, block: spec.Block{Addr: b.addr()}, enabled: true}}
		return
	}
	for _, in := range l.expand(b) {
		in.scope.metrics = b.kind == gateBlock
		before := len(l.diags)
		in.enabled = l.enabled(b, in)
		if b.kind == gateBlock {
			l.evaluateGate(in)
		} else {
			l.evaluateStage(in)
		}
		if !in.enabled && len(l.diags) > before {
			l.forget(before) // what is switched off need not make sense
		}
		b.instances = append(b.instances, in)
	}
}

// forget takes back the problems reported since.
func (l *loader) forget(since int) {
	for _, d := range l.diags[since:] {
		delete(l.seen, keyOf(d))
	}
	l.diags = l.diags[:since]
}

// expand evaluates for_each, once, and returns an instance for each of its keys.
func (l *loader) expand(b *block) []*instance {
	one := func(key string, each *cty.Value) *instance {
		in := &instance{decl: b, enabled: true}
		in.block.Addr = spec.Addr{Kind: b.kind, Name: b.label, Key: key}
		in.scope = &scope{rec: &recorder{}, each: each}
		return in
	}
	if !b.keyed {
		return []*instance{one("", nil)}
	}
	a := b.body.metas["for_each"]
	v, ok := l.eval(a.expr, &scope{rec: &recorder{}})
	if !ok || !l.checkForEach(v, a.expr.rng()) {
		b.broken = true
		return nil
	}
	var out []*instance
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if v.Type().IsObjectType() && k.AsString() == addrKey {
			continue
		}
		each := cty.ObjectVal(map[string]cty.Value{"key": k, "value": e})
		out = append(out, one(k.AsString(), &each))
	}
	return out
}

// checkForEach reports a for_each that is neither a map nor a set of strings.
func (l *loader) checkForEach(v cty.Value, at diag.Range) bool {
	t := v.Type()
	switch {
	case v.ContainsMarked():
		l.errorf(at, "sensitive-value", "Sensitive value not possible here", "The keys of for_each stand in addresses, which are shown. Use a value that is not sensitive.")
	case v.IsNull():
		l.errorf(at, "invalid-for-each", "Invalid for_each", "The value of for_each is null. For no blocks at all, write an empty map: { }.")
	case t.IsTupleType() || t.IsListType():
		l.errorf(at, "invalid-for-each", "Invalid for_each",
			"for_each takes a map, or a set of strings, and this is a list, whose elements have no lasting names. Write toset(...) around it.")
	case t.IsSetType() && t.ElementType() != cty.String && v.LengthInt() > 0, !t.IsSetType() && !t.IsMapType() && !t.IsObjectType():
		l.errorf(at, "invalid-for-each", "Invalid for_each", "for_each takes a map, or a set of strings, and this is %s.", describe(v))
	default:
		for it := v.ElementIterator(); it.Next(); {
			k, _ := it.Element()
			if k.IsNull() || k.AsString() == "" {
				l.errorf(at, "invalid-for-each", "Invalid for_each", "A key of for_each is empty. Every instance needs a name.")
				return false
			}
		}
		return true
	}
	return false
}

// enabled evaluates the meta-argument of that name.
func (l *loader) enabled(b *block, in *instance) bool {
	a := b.body.metas["enabled"]
	if a == nil {
		return true
	}
	v, ok := l.evalTo(a, cty.Bool, in.scope)
	if !ok {
		in.broken = true
		return true
	}
	return v.IsNull() || v.True()
}

// evaluateStage decodes the attributes of one instance, and asks its kind for its ports and for problems.
func (l *loader) evaluateStage(in *instance) {
	b, block := in.decl, &in.block
	errorsBefore := l.errorCount()
	d := &decoder{l: l, sc: in.scope, in: in, source: map[string]diag.Range{"": b.body.header}}
	keyed, unkeyed := d.body(b.body, schemaOf(&b.typ.BlockType, b.label), "")
	l.evaluateMetas(in, unkeyed)
	block.Source = d.source
	block.Config = spec.Canonical(keyed)
	if len(unkeyed) > 0 {
		block.Unkeyed = spec.Canonical(unkeyed)
	}
	if len(d.rec.calls) > 0 {
		block.Values = d.rec.calls
	}
	if b.spec.Ports != nil {
		in.ports = b.spec.Ports(block.Config)
	}
	in.broken = in.broken || d.failed
	l.evaluateThresholds(in)
	if b.spec.Check != nil && !in.broken && l.errorCount() == errorsBefore {
		for _, p := range b.spec.Check(block.Full()) {
			l.errorf(sourceOf(block, p.Path), "invalid-config", p.Summary, "%s", p.Detail)
			in.broken = true
		}
	}
}

// errorCount counts the problems so far.
func (l *loader) errorCount() int { return len(l.diags) }

// sourceOf finds the place of an attribute, or of the nearest thing around it.
func sourceOf(b *spec.Block, path []string) diag.Range {
	for n := len(path); n > 0; n-- {
		if r, ok := b.Source[strings.Join(path[:n], ".")]; ok {
			return r
		}
	}
	return b.Source[""]
}

// evaluateMetas evaluates the meta-arguments that carry no reference to a stage's order.
func (l *loader) evaluateMetas(in *instance, unkeyed map[string]any) {
	metas := in.decl.body.metas
	if a := metas["description"]; a != nil {
		if v, ok := l.evalTo(a, cty.String, in.scope); ok && !v.IsNull() {
			in.block.Description = v.AsString()
		}
	}
	if a := metas["seed"]; a != nil {
		if v, ok := l.evalTo(a, cty.Number, in.scope); ok && !v.IsNull() {
			seed, acc := v.AsBigFloat().Int64()
			if acc != 0 {
				l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "seed is a whole number of at most 64 bits.")
			}
			in.block.Seed = seed
		}
	}
	if a := metas["timeout"]; a != nil {
		if v, ok := l.evalTo(a, cty.String, in.scope); ok && !v.IsNull() {
			if d, err := time.ParseDuration(v.AsString()); err != nil || d <= 0 {
				l.errorf(a.expr.rng(), "wrong-type", "Wrong type", "timeout is a time such as \"90s\", \"30m\" or \"2h30m\".")
			}
			unkeyed["timeout"] = v.AsString()
		}
	}
	if a := metas["backend"]; a != nil {
		v, ok := l.eval(a.expr, in.scope)
		if !ok || v.IsNull() {
			return
		}
		to, isAddr := addressOf(v)
		if !isAddr || to.addr.Kind != backendBlock {
			l.errorf(a.expr.rng(), "backend-expected", "Backend expected", "backend names a backend block, as in backend.cpu, and this is %s.", describe(v))
			return
		}
		in.block.Backend = to.addr
	}
}

// evalTo evaluates a meta-argument of a plain type.
func (l *loader) evalTo(a *attr, t cty.Type, sc *scope) (cty.Value, bool) {
	v, ok := l.eval(a.expr, sc)
	if !ok {
		return v, false
	}
	if v.ContainsMarked() {
		l.sensitiveAttribute(a)
		return v, false
	}
	return l.convertTo(v, t, a)
}

// valueOf returns the block as a value: its outputs and metrics, by key when it has for_each.
func (b *block) valueOf(*loader) (cty.Value, bool) {
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

// resolveRequires evaluates what orders and permits, when all blocks are known.
func (l *loader) resolveRequires() {
	for _, list := range [][]*block{l.decls.stages, l.decls.gates} {
		for _, b := range list {
			for _, in := range b.instances {
				if a := b.body.metas["requires"]; a != nil && in.enabled {
					in.block.Require = l.requires(a, in)
				}
			}
		}
	}
}

// requires returns the addresses that a list of blocks names, each once, sorted.
func (l *loader) requires(a *attr, in *instance) []spec.Addr {
	v, ok := l.eval(a.expr, in.scope)
	if !ok || v.IsNull() {
		return nil
	}
	var out []spec.Addr
	var take func(v cty.Value, inList bool) bool
	take = func(v cty.Value, inList bool) bool {
		if to, isAddr := addressOf(v); isAddr {
			if l.isEnabled(to.from, a.expr.rng()) {
				out = append(out, to.addr)
			}
			return inList && to.addr.Kind != backendBlock
		}
		if v.IsMarked() || v.IsNull() || !v.CanIterateElements() || v.Type().IsObjectType() && !inList {
			return false
		}
		for it := v.ElementIterator(); it.Next(); {
			if _, e := it.Element(); !take(e, true) {
				return false
			}
		}
		return true
	}
	if !take(v, false) {
		l.errorf(a.expr.rng(), "requires-expected", "List of blocks expected",
			"requires is a list of gates and stages, as in requires = [gate.ship], and this is %s.", describe(v))
	}
	slices.SortFunc(out, spec.Addr.Compare)
	return slices.Compact(out)
}

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
