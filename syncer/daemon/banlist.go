package daemon

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
)

const (
	// mostBans bounds how many changes go to disk together.
	mostBans = 1000
	// banListRetry is the time between two tries to write the list while the disk refuses it.
	banListRetry = 10 * time.Second
)

// banDisk keeps a list of bans over a restart; see [outbox.Outbox].
type banDisk interface {
	SaveBans(open iter.Seq[syncer.ActiveBan]) error
	UpdateBans(set []syncer.ActiveBan, gone []syncer.Target) error
}

// banKeeper writes the bans to disk as they change, so that a restart during an outage
// still knows them.
//
// The list on disk is replaced only by what the database said: nothing is written before
// the first load. Then the whole list is written, and each change after it. Whatever the
// disk did not take, and whatever is not known singly, is owed: the whole list is written
// again, until the disk takes it.
type banKeeper struct {
	events *events.Broker
	bans   *cache.Bans
	disk   banDisk
	retry  time.Duration
	log    *slog.Logger

	last string // id of the last event that was taken in
	owes bool   // the list on disk may lack something
}

// keepBans runs until ctx ends; what was published before is then on disk.
func (d *Daemon) keepBans(ctx context.Context) error {
	k := banKeeper{events: d.events, bans: d.bans, disk: d.outbox, retry: banListRetry, log: d.log}
	return k.run(ctx, d.feed.Ready())
}

func (k *banKeeper) run(ctx context.Context, loaded <-chan struct{}) error {
	select {
	case <-loaded:
	case <-ctx.Done():
		select {
		case <-loaded:
		default:
			return nil
		}
	}
	k.last, k.owes = k.events.LastID(), true
	for {
		if k.owes && !k.save() {
			if !k.wait(ctx) {
				return nil
			}
			continue
		}
		next, err := k.events.Since(ctx, k.last, mostBans)
		if ctx.Err() == nil && err != nil && !errors.Is(err, events.ErrClosed) {
			return err
		}
		if len(next) == 0 {
			return nil
		}
		k.repeat(next)
	}
}

// wait lets the time between two tries pass; false: ctx ended first.
func (k *banKeeper) wait(ctx context.Context) bool {
	timer := time.NewTimer(k.retry)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// save writes the whole list, and reports whether the disk took it.
func (k *banKeeper) save() bool {
	k.owes = !k.wrote(k.disk.SaveBans(k.bans.All()))
	return !k.owes
}

// repeat writes down how each target that events name stands now.
func (k *banKeeper) repeat(changes []events.Numbered) {
	k.last = changes[len(changes)-1].ID
	if slices.ContainsFunc(changes, func(n events.Numbered) bool { return n.Event.Type == changefeed.EventResync }) {
		k.owes = true
		return
	}
	var set []syncer.ActiveBan
	var gone []syncer.Target
	for _, change := range changes {
		if change.Event.Type != changefeed.EventBan {
			continue
		}
		if active, banned := k.bans.Lookup(change.Event.Target); banned {
			set = append(set, active)
		} else {
			gone = append(gone, change.Event.Target)
		}
	}
	if len(set)+len(gone) > 0 {
		k.owes = !k.wrote(k.disk.UpdateBans(set, gone))
	}
}

func (k *banKeeper) wrote(err error) bool {
	if err != nil {
		k.log.Error("cannot keep the bans on disk; a restart during an outage would not know the latest",
			"error", err, "next_try_in", k.retry)
	}
	return err == nil
}
