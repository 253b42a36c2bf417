package command

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/prefab-build/prefab/executor/stage"
	"github.com/prefab-build/prefab/spec"
)

// metricsFile is where in the folder out the program writes its metrics: one JSON object, of numbers by name. One that it
// cannot compute is a string, which says why.
const metricsFile = "metrics.json"

// mostMetrics bounds the file of metrics, in bytes.
const mostMetrics = 1 << 20

// measure reads the metrics. All that are declared have to be there, and no other.
func (p *program) measure() error {
	if len(p.Metric) == 0 {
		return nil
	}
	full := filepath.Join(p.folder.out(), metricsFile)
	shown := p.shown(full)
	_, info, err := p.written(&output{Name: "metrics", File: metricsFile, Type: spec.Report})
	if err != nil {
		return stage.At(fmt.Errorf("the metrics: %w", err), "metric", "0")
	}
	file, err := os.Open(full)
	if err != nil {
		return fmt.Errorf("%s: %w", shown, cause(err))
	}
	defer file.Close()
	if info.Size() > mostMetrics {
		return fmt.Errorf("%s has %d bytes, and is to hold a few numbers: %d are the most", shown, info.Size(), mostMetrics)
	}
	text, err := io.ReadAll(io.LimitReader(file, mostMetrics))
	if err != nil {
		return fmt.Errorf("%s: %w", shown, cause(err))
	}
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return fmt.Errorf("%s is no JSON object of numbers by name, such as {\"loss\": 0.31}: %w", shown, err)
	}
	for i := range p.Metric {
		m := &p.Metric[i]
		measured, err := m.read(values)
		measured.Reason = p.said.clean.Replace(measured.Reason)
		if err != nil {
			return stage.At(fmt.Errorf("%s: the metric %s %w", shown, m.Name, err), "metric", fmt.Sprint(i))
		}
		p.task.Metric(measured)
		delete(values, m.Name)
	}
	if others := slices.Sorted(maps.Keys(values)); len(others) > 0 {
		name := others[0]
		return fmt.Errorf("%s has a metric %q, which the stage does not declare: write a metric %q block, or leave it out", shown, name, name)
	}
	return nil
}

// read takes the value of a metric, strictly.
func (m *metric) read(values map[string]any) (spec.Metric, error) {
	value, there := values[m.Name]
	if !there {
		return spec.Metric{}, fmt.Errorf("is not there")
	}
	switch x := value.(type) {
	case string:
		return spec.Unavailable(m.Name, x), nil
	case float64:
		switch {
		case m.Integer && x != math.Trunc(x):
			return spec.Metric{}, fmt.Errorf("is to be a whole number, and is %v", x)
		case m.Min != nil && x < *m.Min:
			return spec.Metric{}, fmt.Errorf("is %v, and by its declaration %v at least", x, *m.Min)
		case m.Max != nil && x > *m.Max:
			return spec.Metric{}, fmt.Errorf("is %v, and by its declaration %v at most", x, *m.Max)
		}
		return spec.Value(m.Name, x, 0), nil
	}
	return spec.Metric{}, fmt.Errorf("is to be a number, or a string that says why there is none, and is %s", spec.Canonical(value))
}
