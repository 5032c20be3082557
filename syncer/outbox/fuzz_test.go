package outbox_test

import (
	"errors"
	"net/netip"
	"testing"

	"playersync/syncer"
	"playersync/syncer/outbox"
)

// FuzzBanRecord reads what a disk may give back: a ban that is written down again is the
// same, or there is none.
func FuzzBanRecord(f *testing.F) {
	for _, ban := range []syncer.ActiveBan{
		{Target: syncer.TargetID("Steve"), ExpiresAt: syncer.Forever, Revision: 7},
		{Target: syncer.Target{Prefix: netip.MustParsePrefix("10.0.0.0/8")}, ExpiresAt: syncer.Millis(1), Revision: -1},
		{Target: syncer.Target{Prefix: netip.MustParsePrefix("2001:db8::1/128")}},
	} {
		record, err := outbox.AppendBan(nil, ban)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(record, 0))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		ban, rest, ok := outbox.DecodeBan(record)
		if !ok {
			return
		}
		if len(rest) >= len(record) {
			t.Fatalf("nothing of %x was read", record)
		}
		written, err := outbox.AppendBan(nil, ban)
		if err != nil {
			t.Fatalf("%x is %+v, which cannot be written: %v", record, ban, err)
		}
		if again, rest, ok := outbox.DecodeBan(written); !ok || len(rest) > 0 || again != ban {
			t.Fatalf("%x is %+v, and back %+v", record, ban, again)
		}
	})
}

// FuzzBatchRecord reads a batch whose seal is good and whose content is anything.
func FuzzBatchRecord(f *testing.F) {
	f.Add([]byte(`{"id":"00000000000000000000000000000001","edits":{},"known":{}}`))
	f.Add([]byte(`{"id":"","edits":{"a":null}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, content []byte) {
		key := make([]byte, 8+16) // its number and its id
		key[len(key)-1] = 1
		if _, err := outbox.DecodeBatch(key, outbox.Seal(content)); err != nil &&
			!errors.Is(err, outbox.ErrCorrupt) {
			t.Fatalf("%q: %v", content, err)
		}
		if _, err := outbox.DecodeBatch(key, content); !errors.Is(err, outbox.ErrCorrupt) {
			t.Fatalf("%q without a seal: %v", content, err)
		}
	})
}
