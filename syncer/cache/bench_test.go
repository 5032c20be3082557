package cache

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// lockedMap is the rival: what one writes first.
type lockedMap struct {
	mu      sync.RWMutex
	players map[syncer.PlayerID]*syncer.Player
}

func (m *lockedMap) Get(id syncer.PlayerID) (*syncer.Player, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	p, ok := m.players[id]
	return p, ok
}

// BenchmarkPlayersGet compares a cached read with a Go map under RWMutex.
func BenchmarkPlayersGet(b *testing.B) {
	const count = 10_000
	rng := newRand(1)
	cached, rival := NewPlayers(2*count), &lockedMap{players: map[syncer.PlayerID]*syncer.Player{}}
	ids := make([]syncer.PlayerID, count)
	for i := range ids {
		ids[i] = randomID(rng, formBase64)
		p := syncer.NewPlayer(ids[i])
		rival.players[ids[i]] = &p
		cached.Hold(ids[i])
		cached.Wanted(ids[i : i+1])
		cached.Refresh(changefeed.VersionedPlayer{ID: ids[i], Player: &p, Snapshot: snapshotAt(1)})
	}
	for name, get := range map[string]func(syncer.PlayerID) (*syncer.Player, bool){
		"rival=map+RWMutex": rival.Get, "cache": cached.Get,
	} {
		b.Run(name+"/serial", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if p, _ := get(ids[i%count]); p == nil {
					b.Fatal("not cached")
				}
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := rand.IntN(count); pb.Next(); i++ {
					if p, _ := get(ids[i%count]); p == nil {
						panic("not cached")
					}
				}
			})
		})
	}
}

// manyBans yields a million ids, a million addresses and 100 000 ranges.
func manyBans(rng *rand.Rand, yield func(syncer.ActiveBan) bool) {
	const ids, addresses, ranges = 1_000_000, 1_000_000, 100_000
	forms := []idForm{formBase64, formUUID}
	for i := range ids {
		if !yield(syncer.ActiveBan{Target: syncer.TargetID(randomID(rng, forms[i%2]))}) {
			return
		}
	}
	for i := range addresses {
		if !yield(syncer.ActiveBan{Target: syncer.TargetAddress(randomAddress(rng, i%4 != 0))}) {
			return
		}
	}
	for i := range ranges {
		if !yield(syncer.ActiveBan{Target: syncer.Target{Prefix: randomRange(rng, i%4 != 0)}}) {
			return
		}
	}
}

// BenchmarkBansCheck checks joins among 2.1 million bans: of nobody banned, and
// of players banned by id. It reports what one ban takes in memory.
func BenchmarkBansCheck(b *testing.B) {
	rng := newRand(3)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	bans := NewBans()
	bans.Load(snapshotAt(1), func(yield func(syncer.ActiveBan) bool) { manyBans(rng, yield) })
	runtime.GC()
	runtime.ReadMemStats(&after)
	n := bans.Len()
	perBan := float64(after.HeapAlloc-before.HeapAlloc) / float64(n.IDs+n.Addresses+n.Ranges)

	const count = 1 << 16
	ids, addresses := make([]syncer.PlayerID, count), make([]netip.Addr, count)
	for i := range ids {
		ids[i] = randomID(rng, []idForm{formBase64, formUUID}[i%2])
		addresses[i] = randomAddress(rng, i%4 != 0)
		for len(bans.Check("", addresses[i], time.Now())) > 0 {
			addresses[i] = randomAddress(rng, i%4 != 0)
		}
	}
	now := time.Now()
	b.Run("miss", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if found := bans.Check(ids[i%count], addresses[i%count], now); found != nil {
				b.Fatal(found)
			}
		}
		b.ReportMetric(perBan, "B/ban")
	})
	b.Run("miss/parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := rand.IntN(count); pb.Next(); i++ {
				if found := bans.Check(ids[i%count], addresses[i%count], now); found != nil {
					panic(fmt.Sprint(found))
				}
			}
		})
	})
	for i := range ids {
		bans.Apply(banChange(syncer.TargetID(ids[i]), 5, &changefeed.BanRow{Open: true, Revision: 1}))
	}
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if found := bans.Check(ids[i%count], addresses[i%count], now); len(found) != 1 {
				b.Fatal(found)
			}
		}
	})
}
