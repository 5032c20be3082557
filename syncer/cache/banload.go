package cache

import (
	"cmp"
	"hash/maphash"
	"net/netip"
	"sync"

	"github.com/gaissmai/bart"

	"playersync/syncer"
)

// banLoad collects bans in as few bytes as they take in a set. Then the set is made at
// its final size: to let its maps grow while they are filled takes twice the time.
type banLoad struct {
	base64, uuids, v6 pile[[16]byte]
	texts             pile[syncer.PlayerID]
	v4                pile[[4]byte]
	ranges            *bart.Table[expiry]
}

func (l *banLoad) add(t syncer.Target, e expiry) {
	if t.ID != "" {
		l.addID(t.ID, e)
		return
	}
	if isRange(t) {
		if l.ranges == nil {
			l.ranges = new(bart.Table[expiry])
		}
		l.ranges.Insert(t.Prefix, e)
		return
	}
	l.addAddress(t.Prefix.Addr(), e)
}

func (l *banLoad) addID(id syncer.PlayerID, e expiry) {
	switch form, packed := packID(id); form {
	case formBase64:
		l.base64.add(packed, e)
	case formUUID:
		l.uuids.add(packed, e)
	case formText:
		l.texts.add(id, e)
	}
}

func (l *banLoad) addAddress(address netip.Addr, e expiry) {
	if address.Is4() {
		l.v4.add(address.As4(), e)
	} else {
		l.v6.add(address.As16(), e)
	}
}

// set returns what was collected; each kind of target is put into its map by a goroutine
// of its own.
func (l *banLoad) set() *banSet {
	s := &banSet{ranges: cmp.Or(l.ranges, new(bart.Table[expiry]))}
	var filling sync.WaitGroup
	filling.Go(func() { s.base64 = l.base64.byKey() })
	filling.Go(func() { s.uuids = l.uuids.byKey() })
	filling.Go(func() { s.texts = l.texts.byKey() })
	filling.Go(func() { s.v4 = l.v4.byKey() })
	filling.Go(func() { s.v6 = l.v6.byKey() })
	filling.Wait()
	return s
}

// pile is a list of keys with their expiry. It is sorted roughly by the places that the keys
// will have in the map, so that filling this does not jump about in memory.
type pile[K comparable] struct {
	seed  maphash.Seed
	parts [1 << pileBits][]expirySlot[K] // by the first bits of the hash
	count int
}

// pileBits makes the part of a map that one part of a pile fills fit into the processor's cache.
const pileBits = 8

func (p *pile[K]) add(key K, e expiry) {
	if p.count == 0 {
		p.seed = maphash.MakeSeed()
	}
	p.count++
	part := &p.parts[maphash.Comparable(p.seed, key)>>(64-pileBits)]
	*part = append(*part, expirySlot[K]{key, e})
}

// byKey returns a map of the pile's size; of entries with one key the last counts.
func (p *pile[K]) byKey() expiryMap[K] {
	m := newExpiryMap[K](p.count)
	if p.count > 0 {
		m.seed = p.seed
	}
	for i := range p.parts {
		for _, slot := range p.parts[i] {
			m.put(slot.key, slot.expires)
		}
	}
	return m
}
