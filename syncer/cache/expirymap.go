package cache

import (
	"hash/maphash"
	"iter"
	"math/bits"
)

// expiryMap is a map of bans by key. It takes less memory than one of Go, is made at its final
// size in a fraction of the time, and computes one hash for the filter and for the place.
//
// A key lies at the place that its hash names, or behind it with no free slot between. A
// removed key keeps its slot until the next growth, so that no key moves before: slots
// can be walked while the map changes; see [Bans.All].
type expiryMap[K comparable] struct {
	seed   maphash.Seed
	slots  []expirySlot[K]
	filter filter
	taken  int // slots that are not free
	count  int // keys, without the removed ones
}

type expirySlot[K comparable] struct {
	key     K
	expires expiry // or slotFree, slotRemoved
}

// newExpiryMap returns an empty map with room for a number of keys and some more.
func newExpiryMap[K comparable](keys int) expiryMap[K] {
	keys += keys/8 + 8
	return expiryMap[K]{
		seed: maphash.MakeSeed(), slots: make([]expirySlot[K], keys*3/2), filter: newFilter(keys),
	}
}

// find returns the slot of a key, or the free one where it belongs.
func (m *expiryMap[K]) find(hash uint64, key K) *expirySlot[K] {
	place, _ := bits.Mul64(hash, uint64(len(m.slots)))
	for {
		slot := &m.slots[place]
		if slot.expires == slotFree || slot.key == key {
			return slot
		}
		if place++; place == uint64(len(m.slots)) {
			place = 0
		}
	}
}

// get returns the expiry of the ban of a key.
func (m *expiryMap[K]) get(key K) (expiry, bool) {
	hash := maphash.Comparable(m.seed, key)
	if !m.filter.mayHave(hash) {
		return 0, false
	}
	e := m.find(hash, key).expires
	return e, e != slotFree && e != slotRemoved
}

// put sets the expiry of the ban of a key. One call among many makes the map grow, which
// takes time in proportion to its size.
func (m *expiryMap[K]) put(key K, e expiry) {
	hash := maphash.Comparable(m.seed, key)
	slot := m.find(hash, key)
	if slot.expires == slotFree {
		if m.taken+1 > len(m.slots)*2/3 {
			m.grow()
			m.put(key, e)
			return
		}
		m.taken++
		m.filter.add(hash)
	}
	if slot.expires == slotFree || slot.expires == slotRemoved {
		m.count++
	}
	slot.key, slot.expires = key, e
}

// remove lifts the ban of a key, if there is one.
func (m *expiryMap[K]) remove(key K) {
	slot := m.find(maphash.Comparable(m.seed, key), key)
	if slot.expires != slotFree && slot.expires != slotRemoved {
		slot.expires = slotRemoved
		m.count--
	}
}

// grow makes room for half as many keys again.
func (m *expiryMap[K]) grow() {
	grown := newExpiryMap[K](m.count + m.count/2)
	for key, e := range m.all() {
		grown.put(key, e)
	}
	*m = grown
}

// all yields the keys with their expiry.
func (m *expiryMap[K]) all() iter.Seq2[K, expiry] {
	return func(yield func(K, expiry) bool) {
		for _, slot := range m.slots {
			if slot.expires != slotFree && slot.expires != slotRemoved && !yield(slot.key, slot.expires) {
				return
			}
		}
	}
}
