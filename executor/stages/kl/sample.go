package kl

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/prefab-build/prefab/executor/dataset"
	"github.com/prefab-build/prefab/executor/methods/divergence"
	"github.com/prefab-build/prefab/executor/methods/exact"
)

// Why a sample cannot be measured.
const (
	noList       = "no log-probabilities"
	otherTokens  = "other tokens"
	impossible   = "impossible log-probability"
	overflow     = "no finite term"
	mostPositive = 1e-3 // a probability of 1 in half precision may come out this far above 0
)

// A sample is what is kept of a row: sums over its tokens, in nats.
type sample struct {
	tokens, k1, k3 float64
	largest        term
}

// A term is the k3 of one token.
type term struct {
	Row   string  `json:"row"`
	Token int     `json:"token"` // from 0
	K3    float64 `json:"k3"`
}

// A rowReader reads the samples of a chunk one by one.
type rowReader struct {
	policy, reference             dataset.Strings
	policyTokens, referenceTokens dataset.Strings
	p, q                          []float64
}

func newRowReader(c dataset.Chunk) *rowReader {
	return &rowReader{
		policy: c.Strings("policy_logprobs"), reference: c.Strings("reference_logprobs"),
		policyTokens: c.Strings("policy_tokens"), referenceTokens: c.Strings("reference_tokens"),
	}
}

// read measures a row, or says why it cannot be. The first token of a text has no log-probability under many servers, so
// a token that is null in both lists is left out; one that is null in a single list belongs to no ratio.
func (r *rowReader) read(row int) (s sample, reason, detail string) {
	var err error
	if r.p, err = logprobs(r.p[:0], r.policy.At(row)); err != nil {
		return s, noList, "policy_logprobs: " + err.Error()
	}
	if r.q, err = logprobs(r.q[:0], r.reference.At(row)); err != nil {
		return s, noList, "reference_logprobs: " + err.Error()
	}
	if len(r.p) != len(r.q) {
		return s, otherTokens, fmt.Sprintf("%d tokens under the policy, %d under the reference", len(r.p), len(r.q))
	}
	if !r.policyTokens.Null(row) && !r.referenceTokens.Null(row) && r.policyTokens.At(row) != r.referenceTokens.At(row) {
		return s, otherTokens, "policy_tokens and reference_tokens differ"
	}
	var k1, k3 exact.Sum
	for i, p := range r.p {
		q := r.q[i]
		switch {
		case math.IsNaN(p) && math.IsNaN(q):
			continue
		case math.IsNaN(p) || math.IsNaN(q):
			return s, noList, fmt.Sprintf("token %d has one under one model only", i)
		case p > mostPositive || q > mostPositive:
			return s, impossible, fmt.Sprintf("token %d: %v under the policy, %v under the reference", i, p, q)
		}
		x := divergence.K3(p - q)
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return s, overflow, fmt.Sprintf("token %d: %v under the policy, %v under the reference", i, p, q)
		}
		k1.Add(p - q)
		k3.Add(x)
		s.tokens++
		if x > s.largest.K3 {
			s.largest = term{Token: i, K3: x}
		}
	}
	s.k1, s.k3 = k1.Float64(), k3.Float64()
	return s, "", ""
}

// logprobs reads a JSON list of numbers and nulls, which become NaN.
func logprobs(into []float64, list string) ([]float64, error) {
	b := bytes.TrimSpace([]byte(list))
	if len(b) < 2 || b[0] != '[' || b[len(b)-1] != ']' {
		return nil, fmt.Errorf("%s is no list of numbers", short(list))
	}
	if b = bytes.TrimSpace(b[1 : len(b)-1]); len(b) == 0 {
		return into, nil
	}
	for part := range bytes.SplitSeq(b, []byte{','}) {
		part = bytes.TrimSpace(part)
		switch string(part) {
		case "null":
			into = append(into, math.NaN())
			continue
		case `"-inf"`, `"-Infinity"`: // JSON has no number for it
			into = append(into, math.Inf(-1))
			continue
		}
		x, err := strconv.ParseFloat(string(part), 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("%s is no number", short(string(part)))
		}
		into = append(into, x)
	}
	return into, nil
}

func short(s string) string {
	const most = 40
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.Quote(s)
}
