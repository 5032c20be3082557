package daemon

import (
	"context"
	"errors"

	"playersync/syncer"
	"playersync/syncer/events"
)

// keepBans writes the bans to disk as they change, so that a restart during an
// outage still knows them. It runs until ctx ends. The list on disk is replaced
// only by what the database said: nothing is written before the first load.
func (d *Daemon) keepBans(ctx context.Context) error {
	for behind := false; ctx.Err() == nil; behind = true {
		subscription := d.events.Subscribe("")
		if behind {
			d.saveBans()
		}
		err := d.followBans(ctx, subscription)
		subscription.Close()
		if errors.Is(err, events.ErrClosed) {
			return nil
		}
	}
	return nil
}

// followBans repeats each change on disk until it is overtaken or ctx ends.
func (d *Daemon) followBans(ctx context.Context, subscription *events.Subscription) error {
	for {
		next, err := subscription.Next(ctx)
		if err != nil {
			return err
		}
		switch event := next.Event; event.Type {
		case syncer.EventResync:
			d.saveBans()
		case syncer.EventBan:
			d.updateBan(event)
		}
	}
}

func (d *Daemon) saveBans() {
	epoch := d.feed.Status().Epoch
	if epoch == "" {
		return
	}
	d.warnOfDisk(d.outbox.SaveBans(epoch, d.bans.All()))
}

func (d *Daemon) updateBan(event syncer.Event) {
	if event.Banned {
		d.warnOfDisk(d.outbox.UpdateBans([]syncer.Standing{{Target: event.Target, ExpiresAt: event.ExpiresAt}}, nil))
		return
	}
	d.warnOfDisk(d.outbox.UpdateBans(nil, []syncer.Target{event.Target}))
}

func (d *Daemon) warnOfDisk(err error) {
	if err != nil {
		d.log.Error("cannot keep the bans on disk; a restart during an outage would not know the latest", "error", err)
	}
}
