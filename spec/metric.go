package spec

// A Metric is one measured number. A metric that could not be measured has a Reason instead of a value: it is
// unavailable, and no judgement over it passes.
type Metric struct {
	Name   string   `json:"name"`
	Value  *float64 `json:"value,omitempty"`
	Low    *float64 `json:"low,omitempty"` // ends of the 95% interval
	High   *float64 `json:"high,omitempty"`
	N      int64    `json:"n,omitempty"`      // observations
	Groups int64    `json:"groups,omitempty"` // independent groups among them
	Unit   string   `json:"unit,omitempty"`
	Method string   `json:"method,omitempty"`
	Reason string   `json:"reason,omitempty"` // why it is unavailable
	// Table holds what a person reads beside the number: per benchmark, per category, reliability bins. It is data, of
	// a form that the kind documents, and is never judged.
	Table any `json:"table,omitempty"`
}

// Available reports whether the metric has a value.
func (m Metric) Available() bool { return m.Value != nil }

// Value returns a metric without an interval.
func Value(name string, x float64, n int64) Metric { return Metric{Name: name, Value: &x, N: n} }

// Unavailable returns a metric that could not be measured.
func Unavailable(name, reason string) Metric { return Metric{Name: name, Reason: reason} }
