package cache

import (
	"math"
	"net/netip"
	"time"

	"github.com/gaissmai/bart"

	"playersync/syncer"
)

// banSet is the open bans, each in as few bytes as will do. Ids and addresses
// are found by hash, ranges by prefix. The table of ranges is replaced, never
// changed, once the set is in use: it can be walked without a lock.
type banSet struct {
	base64 expiryMap[[16]byte]
	uuids  expiryMap[[16]byte]
	texts  expiryMap[syncer.PlayerID]
	v4     expiryMap[[4]byte]
	v6     expiryMap[[16]byte]
	ranges *bart.Table[expiry]
}

// newBanSet returns an empty set.
func newBanSet() *banSet { return new(banLoad).set() }

// put sets the expiry of a target's ban.
func (b *banSet) put(t syncer.Target, e expiry) {
	switch {
	case isRange(t):
		b.ranges = b.ranges.InsertPersist(t.Prefix, e)
	case t.ID != "":
		switch form, packed := packID(t.ID); form {
		case formBase64:
			b.base64.put(packed, e)
		case formUUID:
			b.uuids.put(packed, e)
		case formText:
			b.texts.put(t.ID, e)
		}
	case t.Prefix.Addr().Is4():
		b.v4.put(t.Prefix.Addr().As4(), e)
	default:
		b.v6.put(t.Prefix.Addr().As16(), e)
	}
}

// remove lifts the ban of a target, if there is one.
func (b *banSet) remove(t syncer.Target) {
	switch {
	case isRange(t):
		b.ranges = b.ranges.DeletePersist(t.Prefix)
	case t.ID != "":
		switch form, packed := packID(t.ID); form {
		case formBase64:
			b.base64.remove(packed)
		case formUUID:
			b.uuids.remove(packed)
		case formText:
			b.texts.remove(t.ID)
		}
	case t.Prefix.Addr().Is4():
		b.v4.remove(t.Prefix.Addr().As4())
	default:
		b.v6.remove(t.Prefix.Addr().As16())
	}
}

// get returns the expiry of the ban of exactly this target.
func (b *banSet) get(t syncer.Target) (expiry, bool) {
	switch {
	case isRange(t):
		return b.ranges.Get(t.Prefix)
	case t.ID != "":
		return b.getID(t.ID)
	default:
		return b.getAddress(t.Prefix.Addr())
	}
}

func (b *banSet) getID(id syncer.PlayerID) (expiry, bool) {
	switch form, packed := packID(id); form {
	case formBase64:
		return b.base64.get(packed)
	case formUUID:
		return b.uuids.get(packed)
	default:
		return b.texts.get(id)
	}
}

func (b *banSet) getAddress(address netip.Addr) (expiry, bool) {
	if address.Is4() {
		return b.v4.get(address.As4())
	}
	return b.v6.get(address.As16())
}

// check returns the bans that forbid the id or the address to join.
func (b *banSet) check(id syncer.PlayerID, address netip.Addr, now time.Time) (found []syncer.ActiveBan) {
	ms := now.UnixMilli()
	if id != "" {
		if e, ok := b.getID(id); ok && e.after(ms) {
			found = append(found, syncer.ActiveBan{Target: syncer.TargetID(id), ExpiresAt: e.time()})
		}
	}
	if !address.IsValid() {
		return found
	}
	address = address.Unmap().WithZone("")
	if e, ok := b.getAddress(address); ok && e.after(ms) {
		found = append(found, syncer.ActiveBan{Target: syncer.TargetAddress(address), ExpiresAt: e.time()})
	}
	if b.ranges.Contains(address) {
		found = b.checkRanges(found, address, ms)
	}
	return found
}

func (b *banSet) checkRanges(found []syncer.ActiveBan, address netip.Addr, ms int64) []syncer.ActiveBan {
	single := netip.PrefixFrom(address, address.BitLen())
	for prefix, e := range b.ranges.Supernets(single) {
		if e.after(ms) {
			found = append(found, syncer.ActiveBan{Target: syncer.Target{Prefix: prefix}, ExpiresAt: e.time()})
		}
	}
	return found
}

func isRange(t syncer.Target) bool { return t.ID == "" && !t.Prefix.IsSingleIP() }

func (b *banSet) counts() BanCounts {
	return BanCounts{
		IDs:       b.base64.count + b.uuids.count + b.texts.count,
		Addresses: b.v4.count + b.v6.count,
		Ranges:    b.ranges.Size(),
	}
}

// expiry is a syncer.Time in 8 bytes: twice the milliseconds since 1970, and one. The even
// numbers are left for slots without a ban.
type expiry int64

const (
	slotFree    expiry = 0
	slotRemoved expiry = 2

	expiresNone    expiry = math.MaxInt64
	expiresForever expiry = math.MaxInt64 - 2
)

func expiryOf(t syncer.Time) expiry {
	if ms, ok := t.Millis(); ok {
		return expiry(ms<<1 | 1)
	}
	if t.IsForever() {
		return expiresForever
	}
	return expiresNone
}

func (e expiry) time() syncer.Time {
	switch e {
	case expiresNone:
		return syncer.Time{}
	case expiresForever:
		return syncer.Forever
	default:
		return syncer.Millis(int64(e >> 1))
	}
}

func (e expiry) after(ms int64) bool { return int64(e>>1) > ms }
