package cache

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

func banChange(t syncer.Target, xid uint64, row changefeed.Row) changefeed.Change {
	return changefeed.Change{Entity: syncer.EntityBan, Key: t.Key(), Xid: xid, Row: row}
}

// target draws one of few targets of every kind, so that they meet.
func target(t *rapid.T) syncer.Target {
	low := byte(rapid.IntRange(0, 3).Draw(t, "low"))
	bits := rapid.IntRange(0, 128).Draw(t, "bits")
	v4, v6 := netip.AddrFrom4([4]byte{10, 0, 0, low}), netip.AddrFrom16([16]byte{0x20, 1, 15: low})
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		return syncer.TargetID(unpackID(formBase64, [16]byte{15: low}))
	case 1:
		return syncer.TargetID(unpackID(formUUID, [16]byte{15: low}))
	case 2:
		return syncer.TargetID(syncer.PlayerID([]string{"a", "b", "Steve", "AAAAAAAAAAAAAAAAAAAAAB=="}[low]))
	case 3:
		return syncer.TargetAddress(v4)
	case 4:
		return syncer.TargetAddress(v6)
	case 5:
		return syncer.Target{Prefix: netip.PrefixFrom(v4, bits%33).Masked()}
	default:
		return syncer.Target{Prefix: netip.PrefixFrom(v6, bits).Masked()}
	}
}

var (
	epoch2026 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	expiries  = []syncer.Time{
		{},
		syncer.Forever,
		syncer.TimeOf(epoch2026.Add(-time.Hour)), syncer.TimeOf(epoch2026.Add(time.Hour)), syncer.TimeOf(epoch2026),
	}
)

// naive is the list of bans that everybody understands.
type naive map[syncer.Target]syncer.Time

func (n naive) check(id syncer.PlayerID, address netip.Addr, now time.Time) []syncer.ActiveBan {
	var found []syncer.ActiveBan
	for t, expiresAt := range n {
		s := syncer.ActiveBan{Target: t, ExpiresAt: expiresAt}
		byID := t.ID != "" && t.ID == id
		byAddress := t.ID == "" && address.IsValid() && t.Prefix.Contains(address.Unmap().WithZone(""))
		if (byID || byAddress) && s.Applies(now) {
			found = append(found, s)
		}
	}
	return found
}

func sorted(bans []syncer.ActiveBan) []syncer.ActiveBan {
	slices.SortFunc(bans, func(a, b syncer.ActiveBan) int { return cmp.Compare(a.Target.Key(), b.Target.Key()) })
	return bans
}

func (n naive) all() []syncer.ActiveBan {
	var all []syncer.ActiveBan
	for t, expiresAt := range n {
		all = append(all, syncer.ActiveBan{Target: t, ExpiresAt: expiresAt})
	}
	return all
}

func TestBansEqualNaiveList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bans, list := NewBans(), naive{}
		for range rapid.IntRange(0, 40).Draw(t, "loaded") {
			list[target(t)] = rapid.SampledFrom(expiries).Draw(t, "expiry")
		}
		bans.Load(snapshotAt(10), slices.Values(list.all()))
		for xid := range uint64(rapid.IntRange(0, 40).Draw(t, "changes")) {
			on, expiresAt := target(t), rapid.SampledFrom(expiries).Draw(t, "expiry")
			open := rapid.Bool().Draw(t, "open")
			row := &changefeed.BanRow{Open: open, ExpiresAt: expiresAt, Revision: int64(xid + 1)}
			before, was := list[on]
			changed := was != row.Open || was && before != expiresAt
			if delete(list, on); row.Open {
				list[on] = expiresAt
			}
			if applied := bans.Apply(banChange(on, xid+11, row)) == changefeed.Applied; applied != changed {
				t.Fatalf("change of %s applied: %v, want %v", on, applied, changed)
			}
		}
		for range 20 {
			who, where := target(t), target(t)
			address := where.Prefix.Addr()
			if address.Is4() && rapid.Bool().Draw(t, "mapped") {
				address = netip.AddrFrom16(address.As16())
			}
			want, got := list.check(who.ID, address, epoch2026), bans.Check(who.ID, address, epoch2026)
			if !slices.Equal(sorted(got), sorted(want)) || (got == nil) != (len(want) == 0) {
				t.Fatalf("check of %q from %s found %v, want %v", who.ID, address, got, want)
			}
			s, ok := bans.Lookup(who)
			if expiresAt, open := list[who]; ok != open || s.ExpiresAt != expiresAt {
				t.Fatalf("lookup of %s found %v %v", who, s, ok)
			}
		}
		if got, want := slices.Collect(bans.All()), list.all(); !slices.Equal(sorted(got), sorted(want)) {
			t.Fatalf("all: %v, want %v", got, want)
		}
		if n := bans.Len(); n.IDs+n.Addresses+n.Ranges != len(list) {
			t.Fatalf("counts %+v, want %d in all", n, len(list))
		}
	})
}

// The filter in front of the maps must know every ban, however many come after
// it was made.
func TestFilterGrows(t *testing.T) {
	t.Parallel()
	rng := newRand(5)
	bans := NewBans()
	var targets []syncer.Target
	for i := range 5000 {
		target := syncer.TargetID(randomID(rng, idForm(i%3)))
		if i%2 == 0 {
			target = syncer.TargetAddress(randomAddress(rng, i%4 == 0))
		}
		targets = append(targets, target)
		bans.Apply(banChange(target, 5, &changefeed.BanRow{Open: true, Revision: 1}))
	}
	for _, target := range targets {
		if bans.Check(target.ID, target.Prefix.Addr(), epoch2026) == nil {
			t.Fatalf("%s is not banned", target)
		}
	}
	passed := 0
	for range 5000 {
		if bans.set.base64.filter.mayHave(rng.Uint64()) {
			passed++
		}
	}
	if passed > 500 {
		t.Errorf("%d of 5000 strangers pass", passed)
	}
}

// A target may be banned and lifted for ever: what was removed takes no room for long.
func TestRemovedBansTakeNoRoom(t *testing.T) {
	t.Parallel()
	rng := newRand(6)
	bans := NewBans()
	for i := range 20_000 {
		target := syncer.TargetID(randomID(rng, formBase64))
		bans.Apply(banChange(target, 5, &changefeed.BanRow{Open: true, Revision: 1}))
		if i >= 10 {
			bans.Apply(banChange(target, 5, &changefeed.BanRow{Revision: 2}))
		}
	}
	if n := bans.Len(); n.IDs != 10 {
		t.Fatalf("%d ids are banned, want 10", n.IDs)
	}
	if slots := len(bans.set.base64.slots); slots > 100 {
		t.Errorf("10 bans have %d slots", slots)
	}
}

// A list of unknown age, from the disk, answers until the first real one.
func TestLoadOfUnknownAge(t *testing.T) {
	t.Parallel()
	old, recent := syncer.TargetID("old"), syncer.TargetID("recent")
	bans := NewBans()
	bans.Load(changefeed.Snapshot{}, slices.Values([]syncer.ActiveBan{{Target: old}}))
	bans.Apply(banChange(recent, 12, &changefeed.BanRow{Open: true, Revision: 1}))
	bans.Load(snapshotAt(11), slices.Values([]syncer.ActiveBan{}))
	if bans.Check("old", netip.Addr{}, epoch2026) != nil {
		t.Error("an old list outlived a real one")
	}
	if bans.Check("recent", netip.Addr{}, epoch2026) == nil {
		t.Error("a load dropped a change that it had not seen")
	}
	bans.Load(changefeed.Snapshot{}, slices.Values([]syncer.ActiveBan{{Target: old}}))
	if _, ok := bans.Lookup(old); ok {
		t.Error("an old list replaced a real one")
	}
}

func TestResetAcceptsLowerNumbers(t *testing.T) {
	t.Parallel()
	bans, banned := NewBans(), syncer.TargetID("Steve")
	bans.Load(snapshotAt(9000), slices.Values([]syncer.ActiveBan{{Target: banned}}))
	bans.Reset()
	if _, ok := bans.Lookup(banned); !ok {
		t.Error("a reset stopped the answers")
	}
	bans.Load(snapshotAt(10), slices.Values([]syncer.ActiveBan{}))
	if _, ok := bans.Lookup(banned); ok {
		t.Error("the other epoch's ban is still there")
	}
}

func TestBansIgnoreWhatIsNotTheirs(t *testing.T) {
	t.Parallel()
	bans := NewBans()
	for _, test := range []struct {
		change changefeed.Change
		want   changefeed.ApplyResult
	}{
		{changefeed.Change{Entity: syncer.EntityPlayer, Key: "p1", Xid: 1}, changefeed.Unchanged},
		{changefeed.Change{Entity: syncer.EntityBan, Key: "nonsense", Xid: 1}, changefeed.Unchanged},
		{changefeed.Change{Entity: syncer.EntityBan, Xid: 1}, changefeed.NeedsRead},
	} {
		if got := bans.Apply(test.change); got != test.want {
			t.Errorf("%+v had result %d, want %d", test.change, got, test.want)
		}
	}
}

// TestBansConcurrently checks one ban that always stands while others come and
// go, are walked and are loaded.
func TestBansConcurrently(t *testing.T) {
	t.Parallel()
	bans, always := NewBans(), syncer.ActiveBan{Target: syncer.TargetID("always")}
	list := []syncer.ActiveBan{always}
	rng := newRand(7)
	for range 3 * walkChunk {
		list = append(list, syncer.ActiveBan{Target: syncer.TargetAddress(randomAddress(rng, true))})
	}
	bans.Load(snapshotAt(10), slices.Values(list))
	var writers sync.WaitGroup
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if bans.Check("always", list[1].Target.Prefix.Addr(), epoch2026) == nil {
					t.Error("an active ban was not found")
					return
				}
			}
		})
	}
	writers.Go(func() {
		for i := range uint64(2000) {
			on := list[1+int(i)%100].Target
			bans.Apply(banChange(on, 100+i, &changefeed.BanRow{Open: i%2 == 0, Revision: int64(i)}))
			target := syncer.Target{Prefix: randomRange(rng, true)}
			bans.Apply(banChange(target, 100+i, &changefeed.BanRow{Open: i%3 != 0, Revision: int64(i)}))
		}
	})
	writers.Go(func() {
		for i := range uint64(10) {
			bans.Load(snapshotAt(11+i), slices.Values(list))
			bans.Advance(snapshotAt(11 + i))
		}
	})
	writers.Go(func() {
		for range 10 {
			seen := 0
			for s := range bans.All() {
				if s.Target == always.Target {
					seen++
				}
			}
			if seen != 1 {
				t.Errorf("a walk met the active ban %d times", seen)
			}
		}
	})
	writers.Wait()
	close(stop)
	readers.Wait()
}

func TestWalkMayStop(t *testing.T) {
	t.Parallel()
	bans := NewBans()
	bans.Load(snapshotAt(1), slices.Values(naive{
		syncer.TargetID("a"): {}, syncer.TargetID("b"): {},
		syncer.TargetAddress(netip.MustParseAddr("10.0.0.1")):   {},
		{Prefix: netip.MustParsePrefix("10.0.0.0/8")}:           {},
		{Prefix: netip.MustParsePrefix("2001:db8::/32")}:        {},
		syncer.TargetAddress(netip.MustParseAddr("2001:db8::")): {},
	}.all()))
	for stopAt := 1; stopAt <= 6; stopAt++ {
		seen := 0
		for range bans.All() {
			if seen++; seen == stopAt {
				break
			}
		}
		if seen != stopAt {
			t.Errorf("saw %d, want %d", seen, stopAt)
		}
	}
	bans.Load(snapshotAt(2), slices.Values([]syncer.ActiveBan{})) // deadlocks if a walk kept the lock
}

// A read that began before a change must not undo it when it ends after it.
func TestSlowReadKeepsNewerChange(t *testing.T) {
	t.Parallel()
	bans, on := NewBans(), syncer.TargetID("Steve")
	bans.Load(snapshotAt(10), slices.Values([]syncer.ActiveBan{}))
	bans.Apply(banChange(on, 12, &changefeed.BanRow{Open: true, Revision: 2}))
	if changed := bans.Refresh(snapshotAt(11), []syncer.Target{on}, nil); len(changed) != 0 {
		t.Errorf("a read that had not seen the ban changed %v", changed)
	}
	if _, ok := bans.Lookup(on); !ok {
		t.Error("the ban is gone")
	}
	if changed := bans.Refresh(snapshotAt(13), []syncer.Target{on}, nil); len(changed) != 1 {
		t.Error("a later read did not lift it")
	}
}

// What a read ahead of the cursor has found must outlast the cursor's advance,
// for changes that are still on their way.
func TestReadAheadOfCursorIgnoresLateChange(t *testing.T) {
	t.Parallel()
	bans, on := NewBans(), syncer.TargetID("Steve")
	bans.Load(snapshotAt(10), slices.Values([]syncer.ActiveBan{}))
	bans.Refresh(snapshotAt(13), []syncer.Target{on}, nil) // banned by 11, lifted by 13
	bans.Advance(snapshotAt(10))
	late := banChange(on, 11, &changefeed.BanRow{Open: true, Revision: 1})
	if result := bans.Apply(late); result != changefeed.Unchanged {
		t.Errorf("a late ban had result %d", result)
	}
	bans.Advance(snapshotAt(10 + 2))
	late = banChange(on, 13, &changefeed.BanRow{Open: true, Revision: 1})
	if result := bans.Apply(late); result != changefeed.Unchanged {
		t.Errorf("a late ban had result %d after the cursor moved", result)
	}
	bans.Advance(snapshotAt(13))
	if len(bans.recent) != 0 {
		t.Errorf("the cursor left recent bans behind: %v", bans.recent)
	}
}
