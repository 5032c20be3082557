package daemon

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
)

// fullDisk refuses what it is given until there is room.
type fullDisk struct {
	refusals int // how often it still refuses
	kept     map[syncer.Target]syncer.ActiveBan
}

var errFull = errors.New("no space left on device")

func (d *fullDisk) takes() error {
	if d.refusals > 0 {
		d.refusals--
		return errFull
	}
	return nil
}

func (d *fullDisk) SaveBans(open iter.Seq[syncer.ActiveBan]) error {
	if err := d.takes(); err != nil {
		return err
	}
	d.kept = map[syncer.Target]syncer.ActiveBan{}
	for ban := range open {
		d.kept[ban.Target] = ban
	}
	return nil
}

func (d *fullDisk) UpdateBans(set []syncer.ActiveBan, gone []syncer.Target) error {
	if err := d.takes(); err != nil {
		return err
	}
	for _, ban := range set {
		d.kept[ban.Target] = ban
	}
	for _, target := range gone {
		delete(d.kept, target)
	}
	return nil
}

// What the disk refuses is written as soon as it takes it, also if nothing changes any more.
func TestBanListIsWrittenOnceTheDiskTakesIt(t *testing.T) {
	t.Parallel()
	steve, alex := syncer.TargetID("steve"), syncer.TargetID("alex")
	for name, refusals := range map[string]struct{ ofList, ofChange int }{
		"none": {0, 0}, "the list": {3, 0}, "a change": {0, 3}, "both": {3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				disk := &fullDisk{refusals: refusals.ofList}
				k := banKeeper{
					events: events.NewBroker(8), bans: cache.NewBans(), disk: disk, retry: time.Second,
					log: slog.New(slog.DiscardHandler),
				}
				load := func(open ...syncer.ActiveBan) { k.bans.Load(changefeed.Snapshot{}, slices.Values(open)) }
				load(syncer.ActiveBan{Target: steve}, syncer.ActiveBan{Target: alex})
				loaded := make(chan struct{})
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- k.run(ctx, loaded) }()
				synctest.Wait()
				if disk.kept != nil {
					t.Error("the list was replaced before the database was read")
				}
				close(loaded)
				disk.keeps(t, steve, alex)

				load(syncer.ActiveBan{Target: alex})
				disk.refusals = refusals.ofChange
				k.events.Publish(changefeed.Event{Type: changefeed.EventBan, Target: steve})
				disk.keeps(t, alex)
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// keeps lets time pass until the disk takes what it is given, and compares.
func (d *fullDisk) keeps(t *testing.T, want ...syncer.Target) {
	t.Helper()
	<-time.After(time.Minute) // of the bubble's clock
	synctest.Wait()
	missing := slices.Clone(want)
	for target := range d.kept {
		missing = slices.DeleteFunc(missing, func(other syncer.Target) bool { return other == target })
	}
	if len(missing) > 0 || len(d.kept) != len(want) {
		t.Errorf("on disk are %v, want %v", slices.Collect(maps.Keys(d.kept)), want)
	}
}

// What was published before the end is on disk at the end.
func TestBanListIsCompleteAtTheEnd(t *testing.T) {
	t.Parallel()
	disk := &fullDisk{}
	k := banKeeper{
		events: events.NewBroker(8), bans: cache.NewBans(), disk: disk, retry: time.Hour,
		log: slog.New(slog.DiscardHandler),
	}
	target := syncer.TargetID("steve")
	k.bans.Load(changefeed.Snapshot{}, slices.Values([]syncer.ActiveBan{{Target: target}}))
	loaded := make(chan struct{})
	close(loaded)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := k.run(ended, loaded); err != nil {
		t.Fatal(err)
	}
	if _, ok := disk.kept[target]; !ok {
		t.Errorf("on disk are %v", disk.kept)
	}
}
