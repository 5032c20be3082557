package outbox_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playersync/syncer"
	"playersync/syncer/mindustry"
	"playersync/syncer/outbox"
)

func TestSmallWritesWaitInOrderAcrossARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	writes := []mindustry.QueuedWrite{
		{Blacklist: &mindustry.BlacklistEdit{Addresses: []string{"10.0.0.1", "<unknown>"}, Listed: true, By: "a"}},
		{ModEntry: &mindustry.ModEntry{Token: [16]byte{1, 255}, At: syncer.Millis(1), Source: "a", Message: "Steve <@1>"}},
		{Blacklist: &mindustry.BlacklistEdit{Addresses: []string{"10.0.0.1"}}},
		{Count: &syncer.CountReport{Server: "a", Players: 7, At: syncer.Millis(1)}},
		{MapReport: &syncer.MapReport{Server: "a", Gamemode: "pvp", Map: "b", Session: "c", Players: 3, Wave: new(0), At: syncer.Millis(1)}},
		{MapFinish: &syncer.MapFinish{Key: [16]byte{255}, Server: "a", Map: "b", Session: "c", Winner: "d", Success: true, Players: new(0), At: syncer.Millis(2)}},
	}
	o, err := outbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range writes {
		if writes[i].Number, err = o.AddWaiting(writes[i]); err != nil || writes[i].Number == 0 {
			t.Fatal(writes[i].Number, err)
		}
	}
	if err := o.RemoveWaiting(writes[0].Number); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if o, err = outbox.Open(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	got, err := o.Waiting()
	if diff := cmp.Diff(writes[1:], got, cmpopts.EquateComparable(syncer.Time{})); diff != "" || err != nil {
		t.Errorf("waiting %v (-want +got):\n%s", err, diff)
	}
	next, err := o.AddWaiting(writes[0])
	if err != nil || next <= writes[4].Number {
		t.Errorf("the next number is %d after %d, %v", next, writes[2].Number, err)
	}
}

func TestSmallWritesAfterClose(t *testing.T) {
	t.Parallel()
	o, err := outbox.Open(filepath.Join(t.TempDir(), "outbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	_, added := o.AddWaiting(mindustry.QueuedWrite{})
	_, read := o.Waiting()
	if err := errors.Join(o.RemoveWaiting(1)); added == nil || read == nil || err == nil {
		t.Errorf("after Close: %v, %v, %v", added, read, err)
	}
}
