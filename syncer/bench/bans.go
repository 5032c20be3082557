package bench

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"time"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
)

// Bans measures the check on connect among a number of bans, ids, addresses and
// ranges as 10 : 10 : 1, and what a ban takes in memory. It needs no database.
func Bans(ctx context.Context, config Config, count int) (Report, error) {
	config.Progress(0, "making bans")
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same bans in every run
	before := heap()
	bans := cache.NewBans()
	bans.Load(changefeed.Snapshot{}, func(yield func(syncer.ActiveBan) bool) { manyBans(rng, count/21, yield) })
	held := bans.Len()
	perBan := (heap() - before) / float64(held.IDs+held.Addresses+held.Ranges)

	ids, addresses := strangers(rng, bans)
	now := time.Now()
	missing := 0
	check := func(i int) {
		if len(bans.Check(ids[i%len(ids)], addresses[i%len(addresses)], now)) == 0 {
			missing++
		}
	}
	const calls = 100_000
	measure := func(context.Context) (float64, error) { return perCall(calls, check), nil }
	config.Progress(0.2, "checking players who are not banned")
	miss, err := inTurn(ctx, config.Duration, measure)
	if err != nil {
		return Report{}, err
	}
	if missing%calls != 0 {
		return Report{}, fmt.Errorf("check bans: %d of the players who are not banned passed", missing%calls)
	}
	banAll(bans, ids)
	config.Progress(0.6, "checking players who are banned")
	missing = 0
	hit, err := inTurn(ctx, config.Duration, measure)
	if err != nil {
		return Report{}, err
	}
	if missing > 0 {
		return Report{}, fmt.Errorf("check bans: %d checks missed a ban", missing)
	}
	report := newReport("")
	report.add(Measurement{Figure: "check, nobody banned", Unit: "ns", Ours: miss[0], Goal: Goal{MaxOurs: 200}})
	report.add(Measurement{Figure: "check, id banned", Unit: "ns", Ours: hit[0], Goal: Goal{MaxOurs: 200}})
	report.add(Measurement{Figure: "memory of a ban", Unit: "bytes", Ours: perBan, Goal: Goal{MaxOurs: 64}})
	return report, nil
}

func banAll(bans *cache.Bans, ids []syncer.PlayerID) {
	for _, id := range ids {
		bans.Apply(changefeed.Change{
			Entity: syncer.EntityBan, Key: syncer.TargetID(id).Key(), Xid: 5,
			Row: &changefeed.BanRow{Open: true, Revision: 1},
		})
	}
}

// strangers returns players whom none of the bans concerns.
func strangers(rng *rand.Rand, bans *cache.Bans) ([]syncer.PlayerID, []netip.Addr) {
	ids, addresses := make([]syncer.PlayerID, 1<<16), make([]netip.Addr, 1<<16)
	for i := range ids {
		ids[i] = randomID(rng)
		for {
			addresses[i] = randomAddress(rng)
			if len(bans.Check("", addresses[i], time.Time{})) == 0 {
				break
			}
		}
	}
	return ids, addresses
}

// manyBans yields a number of ranges, and ten times as many ids and addresses.
func manyBans(rng *rand.Rand, ranges int, yield func(syncer.ActiveBan) bool) {
	for range 10 * ranges {
		if !yield(syncer.ActiveBan{Target: syncer.TargetID(randomID(rng))}) {
			return
		}
	}
	for range 10 * ranges {
		if !yield(syncer.ActiveBan{Target: syncer.TargetAddress(randomAddress(rng))}) {
			return
		}
	}
	for range ranges {
		address := randomAddress(rng)
		prefix, _ := address.Prefix(address.BitLen() - 8 - rng.IntN(8)) // within the address's length
		if !yield(syncer.ActiveBan{Target: syncer.Target{Prefix: prefix}}) {
			return
		}
	}
}

// randomID returns an id as Mindustry makes them: 16 bytes in base64.
func randomID(rng *rand.Rand) syncer.PlayerID {
	b := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, rng.Uint64()), rng.Uint64())
	return syncer.PlayerID(base64.StdEncoding.EncodeToString(b))
}

// randomAddress returns an address, one in four of them IPv6.
func randomAddress(rng *rand.Rand) netip.Addr {
	if rng.IntN(4) > 0 {
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, rng.Uint32())))
	}
	var b [16]byte
	copy(b[:], []byte{0x20, 0x01, 0x0d, 0xb8})
	binary.BigEndian.PutUint64(b[4:], rng.Uint64())
	return netip.AddrFrom16(b)
}

// heap returns the bytes that are in use.
func heap() float64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}
