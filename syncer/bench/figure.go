package bench

import (
	"math"
	"slices"
	"time"
)

// Figure sums up samples of a duration, in milliseconds.
type Figure struct {
	Samples int     `json:"samples"`
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
}

// Comparison sets a subject beside the rival measured with it.
type Comparison struct {
	Sidecars int    `json:"sidecars"`
	Fanout   Fanout `json:"fanout"`
	Subject  string `json:"subject"`
	Rival    string `json:"rival"`
	Ours     Figure `json:"ours"`
	Writer   Figure `json:"writer"` // until our writer had its answer
	Theirs   Figure `json:"theirs"`
	Ratio    Ratio  `json:"ratio"`
	Target   Target `json:"target,omitzero"`
}

// Ratio relates the two figures of a [Comparison]: ours to theirs, or, where the
// target is to be faster, theirs to ours.
type Ratio struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Target bounds a [Ratio]; zero fields bound nothing.
type Target struct {
	MaxP50 float64 `json:"maxP50,omitempty"`
	MaxP99 float64 `json:"maxP99,omitempty"`
	MinP50 float64 `json:"minP50,omitempty"` // of theirs to ours
}

// IsZero reports whether nothing is bounded.
func (t Target) IsZero() bool { return t == Target{} }

// Reached reports whether the ratio is within its target.
func (c Comparison) Reached() bool {
	within := func(bound, value float64) bool { return bound == 0 || value <= bound }
	return within(c.Target.MaxP50, c.Ratio.P50) && within(c.Target.MaxP99, c.Ratio.P99) &&
		c.Ratio.P50 >= c.Target.MinP50
}

// figureOf sums up samples; it sorts them.
func figureOf(samples []time.Duration) Figure {
	slices.Sort(samples)
	return Figure{Samples: len(samples), P50: percentile(samples, 50), P99: percentile(samples, 99)}
}

// percentile returns the smallest of sorted samples that is not exceeded by p
// percent of them, in milliseconds; 0 if there are none.
func percentile(sorted []time.Duration, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return milliseconds(sorted[max(rank, 1)-1])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// slower compares a figure with a floor, as a multiple of it.
func slower(ours, floor Figure) Ratio {
	return Ratio{P50: ratio(ours.P50, floor.P50), P99: ratio(ours.P99, floor.P99)}
}

// ratio is a quotient, or 0 if there is none.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
