package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"
)

// PropagationConfig says what [Propagation] measures.
type PropagationConfig struct {
	URL          string        // of a server where scratch databases may be made
	Sidecars     []int         // numbers of sidecars to measure with
	Fanouts      []Fanout      // ways of notifications, each measured with each number; default: FanoutListen
	NATS         string        // URL of a NATS server, for FanoutNATS
	Rounds       int           // at most, for each number
	Duration     time.Duration // at most, for each number
	Polls        int           // samples of polling, for each number
	PollInterval time.Duration // of the pollers
	Progress     func(share float64, what string)
	Log          *slog.Logger // of the sidecars
}

// Fanout is a way of notifications from the database to sidecars.
type Fanout string

// The ways of notifications.
const (
	FanoutListen Fanout = "listen" // each sidecar listens
	FanoutNATS   Fanout = "nats"   // two listen and pass on over NATS
)

// PropagationReport is the outcome of [Propagation].
type PropagationReport struct {
	Server      string       `json:"server"` // its version
	CPUs        int          `json:"cpus"`
	Comparisons []Comparison `json:"comparisons"`
	// FoundByPoll counts changes that no notification announced: 0, or there is a fault.
	FoundByPoll int `json:"foundByPoll"`
}

// Subjects and rivals of the comparisons.
const (
	SubjectUpdate  = "UPDATE by SQL"
	SubjectEdit    = "edit by a sidecar"
	SubjectPolling = "UPDATE by SQL"
	RivalUpdate    = "same UPDATE, bare NOTIFY"
	RivalEdit      = "same statement, bare NOTIFY"
	RivalPolling   = "polling"
	RivalListen    = "same by LISTEN"
)

// floorTarget and pollingTarget are the project's goals.
var (
	floorTarget   = Target{MaxP50: 1.2, MaxP99: 1.5}
	pollingTarget = Target{MinP50: 500}
)

// Propagation measures how long an important change takes to the last of several
// sidecars. See the package comment.
func Propagation(ctx context.Context, config PropagationConfig) (report PropagationReport, err error) {
	if len(config.Fanouts) == 0 {
		config.Fanouts = []Fanout{FanoutListen}
	}
	version, err := checkServer(ctx, config.URL, PropagationConnections(config.Sidecars))
	if err != nil {
		return PropagationReport{}, err
	}
	report = PropagationReport{Server: version, CPUs: runtime.GOMAXPROCS(0)}
	config.Progress(0, "preparing databases")
	made, err := newScratch(ctx, config.URL)
	if err != nil {
		return PropagationReport{}, err
	}
	defer func() { err = errors.Join(err, made.drop()) }()
	for i, count := range config.Sidecars {
		var listening *figures
		for j, fanout := range config.Fanouts {
			part := config
			part.Progress = func(share float64, what string) {
				done := float64(i*len(config.Fanouts)+j) + share
				config.Progress(done/float64(len(config.Sidecars)*len(config.Fanouts)),
					fmt.Sprintf("%d sidecars, %s: %s", count, fanout, what))
			}
			samples, found, err := measure(ctx, part, made, count, fanout)
			if err != nil {
				return PropagationReport{}, fmt.Errorf("measure %d sidecars, %s: %w", count, fanout, err)
			}
			sums := samples.figures()
			if fanout == FanoutListen {
				listening = &sums
			}
			report.Comparisons = append(report.Comparisons, sums.compare(count, fanout, listening)...)
			report.FoundByPoll += found
		}
	}
	return report, nil
}

// PropagationConnections returns how many connections to the database [Propagation] needs.
func PropagationConnections(sidecars []int) int { return 2*slices.Max(sidecars) + pollConnections + 8 }

// measure takes all samples for one number of sidecars.
func measure(
	ctx context.Context, config PropagationConfig, made *scratch, count int, fanout Fanout,
) (s samples, found int, err error) {
	t, err := newTrack(ctx, config, made, count, fanout)
	if err != nil {
		return samples{}, 0, err
	}
	defer t.close()
	if s, err = t.run(ctx, config); err != nil {
		return samples{}, 0, err
	}
	for _, sidecar := range t.sidecars {
		n, err := sidecar.foundByPoll()
		if err != nil {
			return samples{}, 0, err
		}
		found += n
	}
	return s, found, nil
}

// sample is how long one change took.
type sample struct {
	arrived time.Duration // until the last sidecar had it
	written time.Duration // until the writer had its answer
}

// samples are what was measured for one number of sidecars, by kind.
type samples [kinds][]sample

// figures sum up samples, by kind.
type figures [kinds]struct{ arrived, written Figure }

func (s *samples) figures() (sums figures) {
	for kind, list := range s {
		arrived, written := make([]time.Duration, len(list)), make([]time.Duration, len(list))
		for i, took := range list {
			arrived[i], written[i] = took.arrived, took.written
		}
		sums[kind].arrived, sums[kind].written = figureOf(arrived), figureOf(written)
	}
	return sums
}

// compare sets the kinds side by side; with a fan-out, beside the same by LISTEN, nil if
// that was not measured.
func (f *figures) compare(count int, fanout Fanout, listening *figures) (all []Comparison) {
	beside := func(kind int, subject string, rival figures, rivals int, name string, target Target) {
		ours, theirs := f[kind], rival[rivals]
		all = append(all, Comparison{
			Sidecars: count, Fanout: fanout, Subject: subject, Rival: name, Target: target,
			Ours: ours.arrived, Writer: ours.written, Theirs: theirs.arrived,
			Ratio: slower(ours.arrived, theirs.arrived),
		})
	}
	if fanout != FanoutListen {
		rival := RivalListen
		if listening == nil {
			listening, rival = &figures{}, ""
		}
		beside(oursUpdate, SubjectUpdate, *listening, oursUpdate, rival, Target{})
		beside(oursEdit, SubjectEdit, *listening, oursEdit, rival, Target{})
		return all
	}
	beside(oursUpdate, SubjectUpdate, *f, bareUpdate, RivalUpdate, floorTarget)
	beside(oursEdit, SubjectEdit, *f, bareEdit, RivalEdit, floorTarget)
	beside(oursEdit, SubjectEdit, *f, bareUpdate, RivalUpdate, Target{})
	if f[polled].arrived.Samples > 0 {
		beside(oursUpdate, SubjectPolling, *f, polled, RivalPolling, pollingTarget)
		last := &all[len(all)-1]
		last.Ratio = slower(last.Theirs, last.Ours)
	}
	return all
}
