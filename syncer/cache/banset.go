package cache

import (
	"math"
	"net/netip"
	"time"

	"github.com/gaissmai/bart"

	"playersync/syncer"
)

// expiry is a syncer.Time in 8 bytes: milliseconds since 1970, or a special value.
type expiry int64

const (
	expiresNone    expiry = math.MaxInt64
	expiresForever expiry = math.MaxInt64 - 1
)

func expiryOf(t syncer.Time) expiry {
	if ms, ok := t.Millis(); ok {
		return expiry(ms)
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
		return syncer.Millis(int64(e))
	}
}

func (e expiry) after(ms int64) bool { return int64(e) > ms }

// banSet is the open bans, each in as few bytes as will do. Addresses and ids
// are looked up by hash, ranges by prefix; the table of ranges is never changed
// in place, so that it can be walked without a lock.
type banSet struct {
	base64 map[[16]byte]expiry
	uuids  map[[16]byte]expiry
	texts  map[syncer.PlayerID]expiry
	v4     map[[4]byte]expiry
	v6     map[[16]byte]expiry
	ranges *bart.Table[expiry]
}

// newBanSet returns an empty set with room for about as many bans as like has.
func newBanSet(like *banSet) *banSet {
	if like == nil {
		like = &banSet{}
	}
	return &banSet{
		base64: make(map[[16]byte]expiry, len(like.base64)),
		uuids:  make(map[[16]byte]expiry, len(like.uuids)),
		texts:  make(map[syncer.PlayerID]expiry, len(like.texts)),
		v4:     make(map[[4]byte]expiry, len(like.v4)),
		v6:     make(map[[16]byte]expiry, len(like.v6)),
		ranges: new(bart.Table[expiry]),
	}
}

// add is put for a set that nobody reads yet.
func (b *banSet) add(t syncer.Target, e expiry) {
	if t.ID == "" && !t.Prefix.IsSingleIP() {
		b.ranges.Insert(t.Prefix, e)
		return
	}
	b.put(t, e)
}

// put sets the expiry of a target's ban.
func (b *banSet) put(t syncer.Target, e expiry) {
	switch {
	case t.ID != "":
		switch form, packed := packID(t.ID); form {
		case formBase64:
			b.base64[packed] = e
		case formUUID:
			b.uuids[packed] = e
		default:
			b.texts[t.ID] = e
		}
	case !t.Prefix.IsSingleIP():
		b.ranges = b.ranges.InsertPersist(t.Prefix, e)
	case t.Prefix.Addr().Is4():
		b.v4[t.Prefix.Addr().As4()] = e
	default:
		b.v6[t.Prefix.Addr().As16()] = e
	}
}

// remove lifts the ban of a target, if there is one.
func (b *banSet) remove(t syncer.Target) {
	switch {
	case t.ID != "":
		switch form, packed := packID(t.ID); form {
		case formBase64:
			delete(b.base64, packed)
		case formUUID:
			delete(b.uuids, packed)
		default:
			delete(b.texts, t.ID)
		}
	case !t.Prefix.IsSingleIP():
		b.ranges = b.ranges.DeletePersist(t.Prefix)
	case t.Prefix.Addr().Is4():
		delete(b.v4, t.Prefix.Addr().As4())
	default:
		delete(b.v6, t.Prefix.Addr().As16())
	}
}

// get returns the expiry of the ban of exactly this target.
func (b *banSet) get(t syncer.Target) (expiry, bool) {
	switch {
	case t.ID != "":
		return b.getID(t.ID)
	case t.Prefix.IsSingleIP():
		return b.getAddress(t.Prefix.Addr())
	default:
		return b.ranges.Get(t.Prefix)
	}
}

func (b *banSet) getID(id syncer.PlayerID) (e expiry, ok bool) {
	switch form, packed := packID(id); form {
	case formBase64:
		e, ok = b.base64[packed]
	case formUUID:
		e, ok = b.uuids[packed]
	default:
		e, ok = b.texts[id]
	}
	return e, ok
}

func (b *banSet) getAddress(address netip.Addr) (e expiry, ok bool) {
	if address.Is4() {
		e, ok = b.v4[address.As4()]
	} else {
		e, ok = b.v6[address.As16()]
	}
	return e, ok
}

// check appends the bans that forbid the id or the address to join.
func (b *banSet) check(id syncer.PlayerID, address netip.Addr, now time.Time) []syncer.Standing {
	var found []syncer.Standing
	ms := now.UnixMilli()
	if id != "" {
		if e, ok := b.getID(id); ok && e.after(ms) {
			found = append(found, syncer.Standing{Target: syncer.TargetID(id), ExpiresAt: e.time()})
		}
	}
	if !address.IsValid() {
		return found
	}
	address = address.Unmap().WithZone("")
	if e, ok := b.getAddress(address); ok && e.after(ms) {
		found = append(found, syncer.Standing{Target: syncer.TargetAddress(address), ExpiresAt: e.time()})
	}
	if b.ranges.Contains(address) {
		found = b.checkRanges(found, address, ms)
	}
	return found
}

func (b *banSet) checkRanges(found []syncer.Standing, address netip.Addr, ms int64) []syncer.Standing {
	single := netip.PrefixFrom(address, address.BitLen())
	for prefix, e := range b.ranges.Supernets(single) {
		if e.after(ms) {
			found = append(found, syncer.Standing{Target: syncer.Target{Prefix: prefix}, ExpiresAt: e.time()})
		}
	}
	return found
}

func (b *banSet) counts() BanCounts {
	return BanCounts{
		IDs:       len(b.base64) + len(b.uuids) + len(b.texts),
		Addresses: len(b.v4) + len(b.v6),
		Ranges:    b.ranges.Size(),
	}
}
