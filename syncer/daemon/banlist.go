package daemon

import (
	"context"
	"errors"
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
)

// keepBans writes the bans to disk as they change, so that a restart during an
// outage still knows them. It runs until ctx ends. The list on disk is replaced
// only by what the database said: nothing is written before the first load.
func (d *Daemon) keepBans(ctx context.Context) error {
	if err := d.followBans(ctx, d.events.LastID()); ctx.Err() == nil && !errors.Is(err, events.ErrClosed) {
		return err
	}
	return nil
}

// mostBans bounds how many changes go to disk together.
const mostBans = 1000

// followBans repeats the changes on disk, those that wait together in one step,
// until it is overtaken or ctx ends.
func (d *Daemon) followBans(ctx context.Context, last string) error {
	for {
		next, err := d.events.Since(ctx, last, mostBans)
		if err != nil {
			return err
		}
		last = next[len(next)-1].ID
		if slices.ContainsFunc(next, func(n events.Numbered) bool { return n.Event.Type == changefeed.EventResync }) {
			d.saveBans()
			continue
		}
		d.updateBans(next)
	}
}

func (d *Daemon) saveBans() {
	epoch := d.feed.Status().Epoch
	if epoch == "" {
		return
	}
	d.warnOfDisk(d.outbox.SaveBans(epoch, d.bans.All()))
}

// updateBans writes down how each target stands now.
func (d *Daemon) updateBans(changes []events.Numbered) {
	var set []syncer.ActiveBan
	var gone []syncer.Target
	for _, change := range changes {
		if change.Event.Type != changefeed.EventBan {
			continue
		}
		if active, banned := d.bans.Lookup(change.Event.Target); banned {
			set = append(set, active)
		} else {
			gone = append(gone, change.Event.Target)
		}
	}
	if len(set)+len(gone) > 0 {
		d.warnOfDisk(d.outbox.UpdateBans(set, gone))
	}
}

func (d *Daemon) warnOfDisk(err error) {
	if err != nil {
		d.log.Error("cannot keep the bans on disk; a restart during an outage would not know the latest", "error", err)
	}
}
