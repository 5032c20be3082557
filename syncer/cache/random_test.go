package cache

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// snapshotAt returns the snapshot that sees every transaction up to xid.
func snapshotAt(xid uint64) changefeed.Snapshot {
	s, err := changefeed.ParseSnapshot(fmt.Sprintf("%d:%d:", xid+1, xid+1))
	if err != nil {
		panic(err)
	}
	return s
}

func randomBytes(rng *rand.Rand) (b [16]byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func randomID(rng *rand.Rand, form idForm) syncer.PlayerID {
	if form == formText {
		return syncer.PlayerID(fmt.Sprintf("Player %d", rng.Uint32()))
	}
	return unpackID(form, randomBytes(rng))
}

func randomAddress(rng *rand.Rand, v4 bool) netip.Addr {
	b := randomBytes(rng)
	if v4 {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	b[0], b[1] = 0x20, b[1]&0x0f // within 2000::/12, where hosts are
	return netip.AddrFrom16(b)
}

func randomRange(rng *rand.Rand, v4 bool) netip.Prefix {
	bits := 32 + rng.IntN(33)
	if v4 {
		bits = 18 + rng.IntN(13)
	}
	return netip.PrefixFrom(randomAddress(rng, v4), bits).Masked()
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
