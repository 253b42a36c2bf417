// Package simjoin finds every pair of sets whose Jaccard index reaches a threshold, exactly: nothing is missed, nothing
// wrong is reported, and nothing needs tuning. It is for near-duplicate prompts and responses, for the groups that a split
// must not tear apart, and for measuring what leaked across a split. It refuses approximate answers (no MinHash, no
// sampling) and knows nothing of text: a set is a slice of 64-bit hashes, and two tokens are equal when their hashes are.
//
// The method is the prefix-filtering family: AllPairs (Bayardo, Ma, Srikant 2007) and PPJoin (Xiao, Wang, Lin, Yu 2008).
// Tokens are ranked by how few sets hold them. Two sets that share enough must share some tokens among their rarest, so
// only those are indexed and looked up, with a few more than one common token asked for (the longer prefixes of AdaptJoin,
// Wang, Li, Feng 2012); sizes exclude others; a bitmap of each set bounds the overlap of a candidate from above in a few
// instructions (Sandes, Teodoro, Melo 2020); and what still stands is merged until the outcome is certain. The index is
// made of one block of sets of like size after the other, so that its memory does not grow with the sets and its counters
// stay in the processor's cache. Three steps come before: equal sets become one class, tokens that only one class
// holds are counted but not stored, and a set that has too few shared tokens to match anything is never looked up.
//
// Similarity is decided in integers: J(x,y) = o/u >= n/d exactly when o*d >= u*n. J of two empty sets is 1, of an empty
// and a non-empty one 0.
//
// Results depend on the sets and the threshold alone. Workers share the work by position and their results are put together
// by position, so the number of workers never shows.
package simjoin

// Version names the behaviour of this package in cache keys; it is raised when the same sets could give another result.
const Version = "simjoin/1"
