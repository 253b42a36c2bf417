package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/spec"
)

// UnionKind is the kind of the node that joins a list of row inputs.
const UnionKind = "union"

// unionSpec is what the planner needs to know of a union: it reads every canonical column of its members, so its key is
// theirs, and it gives one table.
func unionSpec(a spec.Artifact) *spec.KindSpec {
	columns := []string{spec.ID}
	for _, c := range a.Columns() {
		columns = append(columns, c.Name)
	}
	return &spec.KindSpec{
		Name: UnionKind, Version: 1, Determinism: "bitwise",
		Ports: func(spec.Config) spec.Ports {
			return spec.Ports{
				In:  []spec.InPort{{Name: "members", Artifact: a, Shape: spec.List, Columns: columns, SourceOrder: true}},
				Out: []spec.OutPort{{Name: "rows", Artifact: a}},
			}
		},
	}
}

// A graph is the pipeline as nodes, before anything is known of them.
type graph struct {
	pipeline *spec.Pipeline
	kinds    map[string]*spec.KindSpec
	blocks   map[spec.Addr]*spec.Block
	gates    map[spec.Addr]*spec.Gate
	nodes    []*Node
	ports    []spec.Ports // by node
	specs    []*spec.KindSpec
	byAddr   map[spec.Addr]int
	unions   map[string]int
}

// build orders the pipeline's blocks so that every node comes after what it reads and after what its gates read. The
// pipeline has no cycles: package lang refuses them.
func build(p *spec.Pipeline, kinds map[string]*spec.KindSpec) (*graph, error) {
	g := &graph{
		pipeline: p, kinds: kinds,
		blocks: map[spec.Addr]*spec.Block{}, gates: map[spec.Addr]*spec.Gate{},
		byAddr: map[spec.Addr]int{}, unions: map[string]int{},
	}
	for i := range p.Blocks {
		g.blocks[p.Blocks[i].Addr] = &p.Blocks[i]
	}
	for i := range p.Gates {
		g.gates[p.Gates[i].Addr] = &p.Gates[i]
	}
	visiting := map[spec.Addr]bool{}
	for _, a := range slices.SortedFunc(maps.Keys(g.blocks), spec.Addr.Compare) {
		if _, err := g.add(a, visiting); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *graph) add(a spec.Addr, visiting map[spec.Addr]bool) (int, error) {
	if i, ok := g.byAddr[a]; ok {
		return i, nil
	}
	b, ok := g.blocks[a]
	if !ok {
		return 0, fmt.Errorf("planner: there is no %s", a)
	}
	if visiting[a] {
		return 0, fmt.Errorf("planner: %s depends on itself", a)
	}
	visiting[a] = true
	k, ok := g.kinds[a.Kind]
	if !ok {
		return 0, fmt.Errorf("planner: there is no kind %s", a.Kind)
	}
	n := &Node{Addr: a, Kind: a.Kind, Block: b}
	ports := k.Ports(b.Config)
	for _, in := range b.Inputs {
		port, ok := portNamed(ports, in.Port)
		if !ok {
			return 0, fmt.Errorf("planner: %s has no input %s", a, in.Port)
		}
		source, from, err := g.source(a, port, in, visiting)
		if err != nil {
			return 0, err
		}
		n.Inputs = append(n.Inputs, Input{Port: in.Port, Member: in.Member, Node: source, From: from})
	}
	after, err := g.afterGates(b.Require, visiting)
	if err != nil {
		return 0, err
	}
	n.After = after
	return g.push(n, k, ports), nil
}

// source returns the node and port that an input comes from, adding a union where there are several.
func (g *graph) source(a spec.Addr, port spec.InPort, in spec.Input, visiting map[spec.Addr]bool) (int, string, error) {
	var from []int
	names := []string{string(port.Artifact)}
	for _, r := range in.Refs {
		i, err := g.add(r.Addr, visiting)
		if err != nil {
			return 0, "", err
		}
		from = append(from, i)
		names = append(names, r.String())
	}
	if len(from) == 1 {
		return from[0], in.Refs[0].Port, nil
	}
	id := strings.Join(names, "\x00")
	if i, ok := g.unions[id]; ok {
		return i, "rows", nil
	}
	n := &Node{Addr: unionAddr(a, in), Kind: UnionKind}
	for i, r := range in.Refs {
		n.Inputs = append(n.Inputs, Input{Port: "members", Member: fmt.Sprint(i), Node: from[i], From: r.Port})
	}
	k := unionSpec(port.Artifact)
	i := g.push(n, k, k.Ports(nil))
	g.unions[id] = i
	return i, "rows", nil
}

// unionAddr names a union after the input that asked for it first. What a person chose freely stands in the key, so that
// the address can be read back.
func unionAddr(a spec.Addr, in spec.Input) spec.Addr {
	u := spec.Addr{Kind: UnionKind, Name: a.Kind + "." + a.Name + "." + in.Port, Key: a.Key}
	switch {
	case in.Member == "":
	case u.Key == "":
		u.Key = in.Member
	default:
		u.Key += "/" + in.Member
	}
	return u
}

// afterGates returns the nodes whose metrics the gates read, so that they are placed and judged before.
func (g *graph) afterGates(gates []spec.Addr, visiting map[spec.Addr]bool) ([]int, error) {
	var after []int
	seen := map[spec.Addr]bool{}
	var walk func(list []spec.Addr) error
	walk = func(list []spec.Addr) error {
		for _, a := range list {
			gate, ok := g.gates[a]
			if !ok {
				return fmt.Errorf("planner: there is no %s", a)
			}
			if seen[a] {
				continue
			}
			seen[a] = true
			for _, m := range gateReads(gate) {
				i, err := g.add(m, visiting)
				if err != nil {
					return err
				}
				after = append(after, i)
			}
			if err := walk(gate.Require); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(gates); err != nil {
		return nil, err
	}
	slices.Sort(after)
	return slices.Compact(after), nil
}

func (g *graph) push(n *Node, k *spec.KindSpec, ports spec.Ports) int {
	n.Index = len(g.nodes)
	g.nodes = append(g.nodes, n)
	g.ports = append(g.ports, ports)
	g.specs = append(g.specs, k)
	g.byAddr[n.Addr] = n.Index
	return n.Index
}

// PortsOf returns the ports of a node, a union's too.
func PortsOf(n *Node, artifact spec.Artifact, kinds func(string) *spec.KindSpec) spec.Ports {
	if n.Kind == UnionKind {
		return unionSpec(artifact).Ports(nil)
	}
	return kinds(n.Kind).Ports(n.Block.Config)
}
