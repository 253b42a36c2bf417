// Package gc finds out what of a store is needed, and removes what is not. It knows which blobs an entry names, and what
// projects need; how a file is removed while others work is the store's affair (cas.Sweep).
//
// An entry that a project's root names stays, with all that it names, and so does what a running process uses. The rest is
// a cache: it goes when it was not used for long, or when there is too much of it, what makes other things again (chunks,
// the material of actions) before the results of stages, and of each the least used first. A blob that no entry names
// goes in any case.
package gc
