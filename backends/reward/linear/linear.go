// Package linear trains reward models that are linear in counts: the pairwise
// Bradley-Terry model on sparse n-grams of the response and on what response and
// request have to do with each other.
//
// It is the architecture to start with. It trains on a CPU at some twenty
// thousand pairs a second, has one setting that matters, which it chooses by
// cross-validation itself, shows what it learnt word by word, and gives the same
// bytes for the same pairs, whatever their order and the number of processors
// (on machines of one numerics class: exp and log are the processor's). On
// crowd-labelled dialogue it reaches what bags of words can, a few points above
// length rules; a model that must understand needs a pretrained encoder.
//
// The life of a pair: scan.go takes its text apart, grams.go hashes the n-grams,
// count.go and corpus.go count them in two passes, weighting.go and matrix.go take
// counts for differences of TF-IDF values, objective.go and lbfgs.go fit weights to those,
// crossfit.go does so fold by fold, and model.go scores text with the result.
//
// The package refuses folds that split a group of similar prompts. It reads and
// writes no file and knows neither devices nor gomlx.
package linear

// Version names the method in cache keys: it moves when the same pairs give
// another model.
const Version = "linear/2"
