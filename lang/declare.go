package lang

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/prefab-build/prefab/spec"
	"github.com/prefab-build/prefab/spec/diag"
)

// declarations is everything that the files declare, by name. Slices are in the order of addresses, so that nothing
// later depends on the order of files or blocks.
type declarations struct {
	variables map[string]*variable
	locals    map[string]*local
	outputs   map[string]*output
	single    map[string]*single           // project, cache, executor
	named     map[string]map[string]*block // stages, gates and backends, by kind and name
	stages    []*block
	gates     []*block
	backends  []*block
}

// A single is a block that stands at most once in a pipeline.
type single struct {
	src  *hclsyntax.Block
	body *body
}

// declare registers what the files declare, and then reads the bodies, when every name is known.
func (l *loader) declare(sources []source) {
	l.decls = declarations{
		variables: map[string]*variable{}, locals: map[string]*local{}, outputs: map[string]*output{},
		single: map[string]*single{}, named: map[string]map[string]*block{},
	}
	for _, s := range sources {
		l.noAttributes(s)
		for _, b := range s.body.Blocks {
			l.register(b)
		}
	}
	byAddr := func(a, b *block) int { return a.addr().Compare(b.addr()) }
	slices.SortFunc(l.decls.stages, byAddr)
	slices.SortFunc(l.decls.gates, byAddr)
	slices.SortFunc(l.decls.backends, byAddr)
	l.compileAll()
}

// noAttributes reports attributes outside of every block.
func (l *loader) noAttributes(s source) {
	for _, name := range slices.Sorted(maps.Keys(s.body.Attributes)) {
		l.errorf(rangeOf(s.body.Attributes[name].NameRange), "attribute-outside-block", "Attribute outside of a block",
			"A pipeline file holds blocks only, and %s stands outside of all of them. "+
				"Put a value that several blocks share into locals { }, and settings into project { }.", name)
	}
}

// register notes the header of a top-level block.
func (l *loader) register(b *hclsyntax.Block) {
	typ, ok := l.top[b.Type]
	switch {
	case b.Type == moduleBlock:
		l.errorf(rangeOf(b.TypeRange), "unsupported-module", "Modules are not supported",
			"This version of prefab reads one folder and no modules. Put the blocks of the module into this folder.")
		return
	case !ok:
		l.errorf(rangeOf(b.TypeRange), "unknown-block", "Unknown block",
			"There is no block type %q.%s", b.Type, choices(b.Type, slices.Collect(maps.Keys(l.top)), "The block types are"))
		return
	}
	if !l.checkLabels(b, &typ.BlockType) {
		return
	}
	switch b.Type {
	case projectBlock, cacheBlock, executorBlock:
		if first, twice := l.decls.single[b.Type]; twice {
			l.duplicate(b, first.src)
			return
		}
		l.decls.single[b.Type] = &single{src: b}
	case variableBlock:
		l.registerVariable(b)
	case localsBlock:
		l.registerLocals(b)
	case outputBlock:
		if first, twice := l.decls.outputs[b.Labels[0]]; twice {
			l.duplicate(b, first.src)
			return
		}
		l.decls.outputs[b.Labels[0]] = &output{name: b.Labels[0], src: b}
	default:
		l.registerBlock(b, typ)
	}
}

func (l *loader) registerBlock(b *hclsyntax.Block, typ *blockKind) {
	name := b.Labels[0]
	if first, twice := l.decls.named[b.Type][name]; twice {
		l.duplicate(b, first.src)
		return
	}
	n := &block{kind: b.Type, label: name, src: b, typ: typ, spec: l.kinds[b.Type]}
	if l.decls.named[b.Type] == nil {
		l.decls.named[b.Type] = map[string]*block{}
	}
	l.decls.named[b.Type][name] = n
	switch b.Type {
	case gateBlock:
		l.decls.gates = append(l.decls.gates, n)
	case backendBlock:
		l.decls.backends = append(l.decls.backends, n)
	default:
		l.decls.stages = append(l.decls.stages, n)
	}
}

func (l *loader) duplicate(b, first *hclsyntax.Block) {
	name := b.Type
	if len(b.Labels) > 0 {
		name += "." + b.Labels[0]
	}
	l.errorf(headerOf(b), "duplicate-address", "Duplicate address",
		"%s is already declared at %s. Rename one of the two, or remove it.", name, rangeOf(first.TypeRange))
}

// headerOf is the range of a block's type and labels.
func headerOf(b *hclsyntax.Block) diag.Range {
	return rangeOf(hcl.RangeBetween(b.TypeRange, lastLabel(b)))
}

func lastLabel(b *hclsyntax.Block) hcl.Range {
	if len(b.LabelRanges) == 0 {
		return b.TypeRange
	}
	return b.LabelRanges[len(b.LabelRanges)-1]
}

// checkLabels reports labels that are missing, too many or no names.
func (l *loader) checkLabels(b *hclsyntax.Block, typ *spec.BlockType) bool {
	want := 0
	if typ.Label != "" {
		want = 1
	}
	switch {
	case len(b.Labels) < want:
		l.errorf(rangeOf(b.TypeRange), "missing-label", "Missing label",
			"%s block says its %s in quotes, as in %s \"x\" { }.%s", article(typ.Name), typ.Label, typ.Name, driverChoices(typ))
		return false
	case len(b.Labels) > want && want == 0:
		l.errorf(rangeOf(b.LabelRanges[0]), "surplus-label", "Surplus label",
			"%s block takes no label. Remove %q.", article(typ.Name), b.Labels[0])
		return false
	case len(b.Labels) > want:
		l.errorf(rangeOf(b.LabelRanges[1]), "surplus-label", "Surplus label",
			"%s block takes one label, its %s. Remove %q.", article(typ.Name), typ.Label, b.Labels[1])
		return false
	case want == 1 && typ.Drivers == nil && typ.Label == "name" && !hclsyntax.ValidIdentifier(b.Labels[0]):
		l.errorf(rangeOf(b.LabelRanges[0]), "invalid-name", "Invalid name",
			"%q is no name: a name starts with a letter and goes on with letters, digits, - and _.", b.Labels[0])
		return false
	}
	return true
}

// driverChoices lists the drivers of a block type.
func driverChoices(typ *spec.BlockType) string {
	if typ.Drivers == nil {
		return ""
	}
	return " The choices are " + listed(driverLabels(typ)) + "."
}

func driverLabels(typ *spec.BlockType) []string {
	out := make([]string, len(typ.Drivers))
	for i := range typ.Drivers {
		out[i] = typ.Drivers[i].Label
	}
	return out
}
