//go:build !unix

package simjoin_test

import "math"

// cpuSeconds is not known here: figures by processor time come out as NaN.
func cpuSeconds() float64 { return math.NaN() }

// peakMB is not known here.
func peakMB() float64 { return math.NaN() }
