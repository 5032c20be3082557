package outbox

import (
	"testing"

	"playersync/syncer"
)

// Bytes are no ban, or one that is written and read again as it was.
func FuzzDecodeBan(f *testing.F) {
	for _, target := range []syncer.Target{
		syncer.TargetID("a"), mustTarget(f, "198.51.100.0/24"), mustTarget(f, "2001:db8::5"),
	} {
		for _, end := range []syncer.Time{{}, syncer.Forever, syncer.Millis(1)} {
			seed, err := appendBan(nil, syncer.ActiveBan{Target: target, ExpiresAt: end, Revision: 7})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ban, rest, ok := decodeBan(data)
		if !ok {
			return
		}
		if len(rest) >= len(data) {
			t.Fatalf("%x: %d bytes are left of %d", data, len(rest), len(data))
		}
		written, err := appendBan(nil, ban)
		if err != nil {
			t.Fatalf("%x is read as %+v: %v", data, ban, err)
		}
		if again, rest, ok := decodeBan(written); !ok || len(rest) > 0 || again != ban {
			t.Errorf("%x is read as %+v, written as %x, and read as %+v", data, ban, written, again)
		}
	})
}

func mustTarget(f *testing.F, ip string) syncer.Target {
	f.Helper()
	target, err := syncer.ParseTarget("", ip)
	if err != nil {
		f.Fatal(err)
	}
	return target
}
