package cluster

import "fmt"

// Groups lists the members of each component: group g holds the items Members[Start[g]:Start[g+1]], ascending. Groups are
// in the order of their smallest members.
type Groups struct {
	Start   []int // length: groups + 1
	Members []int // length: items
}

// Collect turns labels, as Labels returns them, into member lists. Labels need not be smallest members: any numbering in
// [0, len(labels)) will do, and groups come in the order of their first items. It panics on a label outside that range.
func Collect(labels []int) Groups {
	number := Dense(labels)
	n := 0
	for _, g := range number {
		n = max(n, g+1)
	}
	start := make([]int, n+1)
	for _, g := range number {
		start[g+1]++
	}
	for g := range n {
		start[g+1] += start[g]
	}
	members := make([]int, len(labels))
	next := append([]int(nil), start[:n]...)
	for i, g := range number {
		members[next[g]] = i
		next[g]++
	}
	return Groups{Start: start, Members: members}
}

// Len returns the number of groups.
func (g Groups) Len() int { return max(0, len(g.Start)-1) }

// Of returns the members of one group, ascending. The slice belongs to the Groups.
func (g Groups) Of(group int) []int { return g.Members[g.Start[group]:g.Start[group+1]] }

// Dense renumbers labels to 0, 1, 2, ... in the order of first occurrence. It panics on a label outside [0, len(labels)).
func Dense(labels []int) []int {
	seen := make([]int, len(labels)) // 0 = not met, else number+1
	out := make([]int, len(labels))
	n := 0
	for i, l := range labels {
		if l < 0 || l >= len(labels) {
			panic(fmt.Sprintf("cluster: label %d for one of %d items", l, len(labels)))
		}
		if seen[l] == 0 {
			n++
			seen[l] = n
		}
		out[i] = seen[l] - 1
	}
	return out
}

// Overlapper gives the size of the intersection and of the union of two items' sets; simjoin.Collection is one.
type Overlapper interface {
	Overlap(a, b int) (overlap, union int)
}

// Spread is the loosest pair of a group: single-link chains join A to B to C with A and C far apart, and a report should
// say how far.
type Spread struct {
	A, B           int // items, A < B
	Overlap, Union int // of the pair; the Jaccard index is Overlap/Union, and 1 when both are empty
	Complete       bool
}

// Jaccard returns the similarity of the pair.
func (s Spread) Jaccard() float64 {
	if s.Union == 0 {
		return 1
	}
	return float64(s.Overlap) / float64(s.Union)
}

// Loosest returns the pair of members with the smallest Jaccard index, the first in (A, B) order among equals; ok is
// false for fewer than two members. The cost is quadratic, so at most maxPairs pairs are looked at: when the group has more,
// only the first and each other member are compared, pair after pair in ascending order, and Complete is false. The value
// is then an upper bound of the smallest.
func Loosest(members []int, sets Overlapper, maxPairs int) (s Spread, ok bool) {
	n := len(members)
	if n < 2 {
		return Spread{}, false
	}
	s.Complete = n*(n-1)/2 <= maxPairs
	looked := 0
	for i := 0; i < n-1; i++ {
		if i > 0 && !s.Complete && looked >= maxPairs {
			break
		}
		for j := i + 1; j < n; j++ {
			if !s.Complete && looked >= maxPairs && ok {
				break
			}
			looked++
			o, u := sets.Overlap(members[i], members[j])
			// o/u < s.Overlap/s.Union in integers; two empty sets are 1/1.
			if u == 0 {
				o, u = 1, 1
			}
			if !ok || int64(o)*int64(s.Union) < int64(s.Overlap)*int64(u) {
				s.A, s.B, s.Overlap, s.Union, ok = members[i], members[j], o, u, true
			}
		}
	}
	return s, ok
}
