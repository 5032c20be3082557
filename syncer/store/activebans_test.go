package store_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"playersync/syncer"
	"playersync/syncer/store"
)

// randomTarget draws an id, an address or a range of any length.
func randomTarget(random *rand.Rand, i int) syncer.Target {
	if i%3 == 0 {
		return syncer.TargetID(syncer.PlayerID(fmt.Sprintf("ü %d", i)))
	}
	raw := make([]byte, []int{4, 16}[random.IntN(2)])
	for b := range raw {
		if random.IntN(3) > 0 { // zeros make the texts of IPv6 interesting
			raw[b] = byte(random.Uint32())
		}
	}
	address, _ := netip.AddrFromSlice(raw)
	prefix := netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen())
	if random.IntN(2) == 0 {
		prefix = netip.PrefixFrom(prefix.Addr(), random.IntN(prefix.Bits()+1)).Masked()
	}
	return syncer.Target{Prefix: prefix}
}

func TestLoadBansEqualsTheTable(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	random := rand.New(rand.NewPCG(1, 2))
	want := map[syncer.Target]syncer.Time{}
	var rows [][]any
	for i := range 10_000 {
		target := randomTarget(random, i)
		if _, ok := want[target]; ok {
			continue
		}
		var expires any
		switch want[target] = (syncer.Time{}); random.IntN(3) {
		case 0:
			expires, want[target] = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, syncer.Forever
		case 1:
			in := time.Now().Add(time.Duration(1+random.IntN(1e9)) * time.Second).Truncate(time.Millisecond)
			expires, want[target] = in, syncer.TimeOf(in)
		}
		if target.ID != "" {
			rows = append(rows, []any{string(target.ID), nil, expires})
		} else {
			rows = append(rows, []any{nil, target.Prefix, expires})
		}
	}
	if _, err := conn.CopyFrom(context.Background(), pgx.Identifier{"ban"}, []string{"uuid", "ip", "expires_at"},
		pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}
	run(t, conn, `insert into ban (uuid, lifted_at) values ('lifted', now())`)

	feed := follow(t, s)
	got := map[syncer.Target]syncer.Time{}
	var targets []syncer.Target
	if _, err := feed.LoadBans(context.Background(), func(ban syncer.ActiveBan) {
		got[ban.Target] = ban.ExpiresAt
		targets = append(targets, ban.Target)
	}); err != nil {
		t.Fatal(err)
	}
	equal := cmp.Options{
		cmp.Comparer(func(a, b syncer.Time) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
	if len(targets) != len(want) || !cmp.Equal(got, want, equal) {
		t.Errorf("loaded %d bans of %d; (-want +got):\n%s", len(targets), len(want), cmp.Diff(want, got, equal))
	}
	_, read, err := feed.ReadBans(context.Background(), targets)
	if err != nil {
		t.Fatal(err)
	}
	for _, ban := range read {
		if want[ban.Target] != ban.ExpiresAt {
			t.Errorf("read %+v, want %v", ban, want[ban.Target])
		}
		delete(want, ban.Target)
	}
	if len(want) > 0 {
		t.Errorf("not read: %v", want)
	}
	// What the feed calls a ban must name the target that the table holds.
	for _, key := range column[string](t, conn, `select ban_target(uuid, ip) from ban where lifted_at is null`) {
		target, err := syncer.ParseTargetKey(key)
		if _, ok := got[target]; err != nil || !ok {
			t.Errorf("%s names %v, %v", key, target, err)
		}
		delete(got, target)
	}
	if len(got) > 0 {
		t.Errorf("no key names %v", got)
	}
}

// copied is a COPY by PostgreSQL: an id, for ever; 198.51.100.0/24 until 2030; 2001:db8::1.
const copied = "5047434f50590aff0d0a000000000000000000" +
	"00040000000561c3bc2f2bffffffff000000087fffffffffffffff000000080000000000000001" +
	"0004ffffffff0000000802180004c63364000000000800035d7a3a1c4000000000080000000000000002" +
	"0004ffffffff0000001403800010" + "20010db8000000000000000000000001" + "ffffffff000000080000000000000003" +
	"ffff"

// FuzzActiveBans gives the same bytes whole and in pieces.
func FuzzActiveBans(f *testing.F) {
	whole, err := hex.DecodeString(copied)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, uint64(1))
	f.Add(whole[:30], uint64(2))
	f.Add(whole[:len(whole)-1], uint64(3))
	f.Add([]byte{}, uint64(4))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		want, wantErr := store.DecodeActiveBans([][]byte{data})
		random := rand.New(rand.NewPCG(seed, 0))
		var pieces [][]byte
		for rest := data; len(rest) > 0; {
			n := 1 + random.IntN(min(len(rest), 40))
			pieces, rest = append(pieces, bytes.Clone(rest[:n])), rest[n:]
		}
		got, gotErr := store.DecodeActiveBans(pieces)
		if fmt.Sprint(got, gotErr) != fmt.Sprint(want, wantErr) {
			t.Errorf("in pieces: %v, %v; whole: %v, %v", got, gotErr, want, wantErr)
		}
		if bytes.Equal(data, whole) && (len(want) != 3 || wantErr != nil) {
			t.Errorf("decoded %v, %v", want, wantErr)
		}
	})
}
