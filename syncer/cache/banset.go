package cache

import (
	"hash/maphash"
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
	base64 map[[16]byte]expiry
	uuids  map[[16]byte]expiry
	texts  map[syncer.PlayerID]expiry
	v4     map[[4]byte]expiry
	v6     map[[16]byte]expiry
	ranges *bart.Table[expiry]

	seed   maphash.Seed
	filter filter // of everything but ranges
}

// newBanSet returns an empty set with room for as many bans as like has.
func newBanSet(like *banSet) *banSet {
	return &banSet{
		base64: make(map[[16]byte]expiry, len(like.base64)),
		uuids:  make(map[[16]byte]expiry, len(like.uuids)),
		texts:  make(map[syncer.PlayerID]expiry, len(like.texts)),
		v4:     make(map[[4]byte]expiry, len(like.v4)),
		v6:     make(map[[16]byte]expiry, len(like.v6)),
		ranges: new(bart.Table[expiry]),
		seed:   maphash.MakeSeed(),
		filter: newFilter(len(like.base64) + len(like.uuids) + len(like.texts) + len(like.v4) + len(like.v6)),
	}
}

// load is put for a set that is not in use yet.
func (b *banSet) load(t syncer.Target, e expiry) {
	if isRange(t) {
		b.ranges.Insert(t.Prefix, e)
	} else {
		b.put(t, e)
	}
}

// put sets the expiry of a target's ban.
func (b *banSet) put(t syncer.Target, e expiry) {
	var hash uint64
	switch {
	case isRange(t):
		b.ranges = b.ranges.InsertPersist(t.Prefix, e)
		return
	case t.ID != "":
		form, packed := packID(t.ID)
		hash = b.hashID(t.ID, form, &packed)
		switch form {
		case formBase64:
			b.base64[packed] = e
		case formUUID:
			b.uuids[packed] = e
		case formText:
			b.texts[t.ID] = e
		}
	case t.Prefix.Addr().Is4():
		address := t.Prefix.Addr().As4()
		hash = maphash.Bytes(b.seed, address[:])
		b.v4[address] = e
	default:
		address := t.Prefix.Addr().As16()
		hash = maphash.Bytes(b.seed, address[:])
		b.v6[address] = e
	}
	if b.filter.add(hash) {
		b.rebuildFilter()
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
			delete(b.base64, packed)
		case formUUID:
			delete(b.uuids, packed)
		case formText:
			delete(b.texts, t.ID)
		}
	case t.Prefix.Addr().Is4():
		delete(b.v4, t.Prefix.Addr().As4())
	default:
		delete(b.v6, t.Prefix.Addr().As16())
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

func (b *banSet) getID(id syncer.PlayerID) (e expiry, ok bool) {
	form, packed := packID(id)
	if !b.filter.mayHave(b.hashID(id, form, &packed)) {
		return 0, false
	}
	switch form {
	case formBase64:
		e, ok = b.base64[packed]
	case formUUID:
		e, ok = b.uuids[packed]
	case formText:
		e, ok = b.texts[id]
	}
	return e, ok
}

func (b *banSet) getAddress(address netip.Addr) (e expiry, ok bool) {
	if address.Is4() {
		packed := address.As4()
		if b.filter.mayHave(maphash.Bytes(b.seed, packed[:])) {
			e, ok = b.v4[packed]
		}
		return e, ok
	}
	packed := address.As16()
	if b.filter.mayHave(maphash.Bytes(b.seed, packed[:])) {
		e, ok = b.v6[packed]
	}
	return e, ok
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

func (b *banSet) hashID(id syncer.PlayerID, form idForm, packed *[16]byte) uint64 {
	if form == formText {
		return maphash.String(b.seed, string(id))
	}
	return maphash.Bytes(b.seed, packed[:])
}

// rebuildFilter makes room in the filter for as many bans again.
func (b *banSet) rebuildFilter() {
	n := b.counts()
	b.filter = newFilter(n.IDs + n.Addresses)
	for _, packed := range []map[[16]byte]expiry{b.base64, b.uuids, b.v6} {
		for key := range packed {
			b.filter.add(maphash.Bytes(b.seed, key[:]))
		}
	}
	for id := range b.texts {
		b.filter.add(maphash.String(b.seed, string(id)))
	}
	for address := range b.v4 {
		b.filter.add(maphash.Bytes(b.seed, address[:]))
	}
}

func (b *banSet) counts() BanCounts {
	return BanCounts{
		IDs:       len(b.base64) + len(b.uuids) + len(b.texts),
		Addresses: len(b.v4) + len(b.v6),
		Ranges:    b.ranges.Size(),
	}
}

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
