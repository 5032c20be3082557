package cache

import (
	"cmp"
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

// pile is a list of keys with their expiry. It grows by pieces, so that nothing is copied.
type pile[K comparable] struct {
	full [][]expirySlot[K]
	last []expirySlot[K]
}

// pieceLength is the number of keys in a piece: at most some hundred kB.
const pieceLength = 1 << 14

func (p *pile[K]) add(key K, e expiry) {
	if len(p.last) == pieceLength {
		p.full, p.last = append(p.full, p.last), nil
	}
	if p.last == nil {
		p.last = make([]expirySlot[K], 0, pieceLength)
	}
	p.last = append(p.last, expirySlot[K]{key, e})
}

// byKey returns a map of the pile's size; of entries with one key the last counts.
func (p *pile[K]) byKey() expiryMap[K] {
	m := newExpiryMap[K](len(p.full)*pieceLength + len(p.last))
	for _, piece := range append(p.full, p.last) {
		for _, slot := range piece {
			m.put(slot.key, slot.expires)
		}
	}
	return m
}
