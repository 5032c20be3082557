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
	Rounds       int           // at most, for each number
	Duration     time.Duration // at most, for each number
	Polls        int           // samples of polling, for each number
	PollInterval time.Duration // of the pollers
	Progress     func(share float64, what string)
	Log          *slog.Logger // of the sidecars
}

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
)

// floorTarget and pollingTarget are the project's goals.
var (
	floorTarget   = Target{MaxP50: 1.2, MaxP99: 1.5}
	pollingTarget = Target{MinP50: 500}
)

// Propagation measures how long an important change takes to the last of several
// sidecars. See the package comment.
func Propagation(ctx context.Context, config PropagationConfig) (report PropagationReport, err error) {
	version, err := checkServer(ctx, config.URL, 2*slices.Max(config.Sidecars)+pollConnections+8)
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
		part := config
		part.Progress = func(share float64, what string) {
			config.Progress((float64(i)+share)/float64(len(config.Sidecars)),
				fmt.Sprintf("%d sidecars: %s", count, what))
		}
		samples, found, err := measure(ctx, part, made, count)
		if err != nil {
			return PropagationReport{}, fmt.Errorf("measure %d sidecars: %w", count, err)
		}
		report.Comparisons = append(report.Comparisons, samples.compare(count)...)
		report.FoundByPoll += found
	}
	return report, nil
}

// measure takes all samples for one number of sidecars.
func measure(
	ctx context.Context, config PropagationConfig, made *scratch, count int,
) (s samples, found int, err error) {
	t, err := newTrack(ctx, config, made, count)
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

// samples are what was measured for one number of sidecars, by kind.
type samples [kinds][]time.Duration

// compare sets the kinds side by side.
func (s *samples) compare(count int) []Comparison {
	var figures [kinds]Figure
	for kind, list := range s {
		figures[kind] = figureOf(list)
	}
	update, edit, polling := figures[oursUpdate], figures[oursEdit], figures[polled]
	all := []Comparison{
		{Subject: SubjectUpdate, Rival: RivalUpdate, Ours: update, Theirs: figures[bareUpdate], Target: floorTarget},
		{Subject: SubjectEdit, Rival: RivalEdit, Ours: edit, Theirs: figures[bareEdit], Target: floorTarget},
		{Subject: SubjectEdit, Rival: RivalUpdate, Ours: edit, Theirs: figures[bareUpdate]},
	}
	for i := range all {
		all[i].Ratio = slower(all[i].Ours, all[i].Theirs)
	}
	if polling.Samples > 0 {
		all = append(all, Comparison{
			Subject: SubjectPolling, Rival: RivalPolling, Ours: update, Theirs: polling,
			Ratio: slower(polling, update), Target: pollingTarget,
		})
	}
	for i := range all {
		all[i].Sidecars = count
	}
	return all
}
