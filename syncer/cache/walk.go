package cache

import (
	"iter"
	"net/netip"

	"playersync/syncer"
)

// Bans that are copied under the lock at a time while the set is walked.
const walkChunk = 1024

// All returns the open bans in no particular order. Walking them blocks neither
// readers nor writers for long, and so is no snapshot: a ban that is set or lifted
// meanwhile may be yielded or not; every other ban is yielded once. After a
// [Bans.Load] the walk stays with the set it began with.
func (b *Bans) All() iter.Seq[syncer.ActiveBan] {
	return func(yield func(syncer.ActiveBan) bool) {
		b.mu.RLock()
		set := b.set
		b.mu.RUnlock()
		_ = walk(b, &set.base64, unpackedID(formBase64), yield) &&
			walk(b, &set.uuids, unpackedID(formUUID), yield) &&
			walk(b, &set.texts, syncer.TargetID, yield) &&
			walk(b, &set.v4, targetIPv4, yield) &&
			walk(b, &set.v6, targetIPv6, yield) &&
			b.walkRanges(set, yield)
	}
}

func targetIPv4(a [4]byte) syncer.Target { return syncer.TargetAddress(netip.AddrFrom4(a)) }

func targetIPv6(a [16]byte) syncer.Target { return syncer.TargetAddress(netip.AddrFrom16(a)) }

func unpackedID(form idForm) func([16]byte) syncer.Target {
	return func(packed [16]byte) syncer.Target { return syncer.TargetID(unpackID(form, packed)) }
}

// walk yields the bans of one map. It looks at the map under the lock only, but gives the
// lock back before it yields. Keys do not move; a map that grows leaves its slots as they were.
func walk[K comparable](
	b *Bans, m *expiryMap[K], target func(K) syncer.Target, yield func(syncer.ActiveBan) bool,
) bool {
	var chunk []syncer.ActiveBan
	flush := func() bool {
		b.mu.RUnlock()
		defer b.mu.RLock()
		for _, s := range chunk {
			if !yield(s) {
				return false
			}
		}
		chunk = chunk[:0]
		return true
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	for key, e := range m.all() {
		chunk = append(chunk, syncer.ActiveBan{Target: target(key), ExpiresAt: e.time()})
		if len(chunk) == walkChunk && !flush() {
			return false
		}
	}
	return flush()
}

// walkRanges yields the ranges of a table that nobody changes any more.
func (b *Bans) walkRanges(set *banSet, yield func(syncer.ActiveBan) bool) bool {
	b.mu.RLock()
	ranges := set.ranges
	b.mu.RUnlock()
	for prefix, e := range ranges.All() {
		if !yield(syncer.ActiveBan{Target: syncer.Target{Prefix: prefix}, ExpiresAt: e.time()}) {
			return false
		}
	}
	return true
}
