package bench

import (
	"context"
	"log/slog"
	"runtime"
	"time"
)

// Config says how everything but [Propagation] measures.
type Config struct {
	URL      string        // of a server where scratch databases may be made; not for Bans
	Duration time.Duration // how long to take samples of each figure
	// Operations is how many each client does in a turn at least, however long they take;
	// 0 means 1. Where no clients work for a time, a turn is a fixed number of operations.
	Operations int
	Progress   func(share float64, what string)
	Log        *slog.Logger // of sidecars that take part
}

// Report is the outcome of a measurement.
type Report struct {
	Server       string        `json:"server,omitempty"` // its version
	CPUs         int           `json:"cpus"`
	Measurements []Measurement `json:"measurements"`
	Series       []Series      `json:"series,omitempty"` // how figures depend on something, for plots
}

// Measurement is one figure of ours beside a rival's of the same run.
type Measurement struct {
	Figure string  `json:"figure"`
	Unit   string  `json:"unit"`
	Ours   float64 `json:"ours"`
	Rival  string  `json:"rival,omitempty"` // none: the goal is absolute
	Theirs float64 `json:"theirs,omitempty"`
	Ratio  float64 `json:"ratio,omitempty"` // ours to theirs
	Goal   Goal    `json:"goal,omitzero"`
}

// Goal bounds a [Measurement]; zero fields bound nothing.
type Goal struct {
	MaxOurs  float64 `json:"maxOurs,omitempty"`
	MaxRatio float64 `json:"maxRatio,omitempty"`
	MinRatio float64 `json:"minRatio,omitempty"`
}

// IsZero reports whether nothing is bounded.
func (g Goal) IsZero() bool { return g == Goal{} }

// Reached reports whether the measurement is within its goal.
func (m Measurement) Reached() bool {
	return (m.Goal.MaxOurs == 0 || m.Ours <= m.Goal.MaxOurs) &&
		(m.Goal.MaxRatio == 0 || m.Ratio <= m.Goal.MaxRatio) &&
		m.Ratio >= m.Goal.MinRatio
}

// newReport returns a report without measurements.
func newReport(server string) Report { return Report{Server: server, CPUs: runtime.GOMAXPROCS(0)} }

// add completes a measurement by its ratio.
func (r *Report) add(m Measurement) {
	m.Ratio = ratio(m.Ours, m.Theirs)
	r.Measurements = append(r.Measurements, m)
}

// inTurn measures contestants round by round, each once in a round, for as long as
// the duration says, and returns the median of each one's rounds.
func inTurn(
	ctx context.Context, duration time.Duration, contestants ...func(context.Context) (float64, error),
) ([]float64, error) {
	rounds := make([][]float64, len(contestants))
	for began := time.Now(); len(rounds[0]) == 0 || time.Since(began) < duration; {
		for i, measure := range contestants {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			figure, err := measure(ctx)
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], figure)
		}
	}
	medians := make([]float64, len(rounds))
	for i, figures := range rounds {
		medians[i] = medianOf(figures)
	}
	return medians, nil
}

// perCall returns the nanoseconds that one of many calls takes.
func perCall(calls int, call func(i int)) float64 {
	began := time.Now()
	for i := range calls {
		call(i)
	}
	return float64(time.Since(began).Nanoseconds()) / float64(calls)
}
