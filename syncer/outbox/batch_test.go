package outbox_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/outbox"
)

// equal compares what JSON does not keep apart as equal.
var equal = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b syncer.Time) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

// batch returns the n-th batch; every n has another id and content.
func batch(n int) merge.Batch {
	b := merge.Batch{Edits: map[syncer.PlayerID]merge.Edit{
		"AAAAAAAAAAAAAAAAAAAAAA==": {
			Scalars: merge.Scalars{Rank: syncer.Some("rank" + strconv.Itoa(n))},
			History: []syncer.HistoryEntry{{Action: "muted", By: "Steve", Time: syncer.Millis(int64(n))}},
			Gamemodes: map[string]merge.GamemodeEdit{
				"pvp": {LastJoined: syncer.Millis(1), Stats: map[string]int64{"blocks": int64(n)}},
			},
		},
		"00000000-0000-0000-0000-000000000001": {Scalars: merge.Scalars{Highlight: syncer.Some[*string](nil)}},
		"visits only": {Visits: []syncer.Visit{
			{
				Server: "pvp", Name: "Steve", IP: netip.MustParseAddr("192.0.2.1"), Joins: int64(n),
				First: syncer.Millis(1), Last: syncer.Millis(2),
			},
			{Server: "pvp", Kicks: 1, First: syncer.Millis(1), Last: syncer.Millis(1)},
		}},
	}, Servers: map[syncer.PlayerID]string{"visits only": "pvp"}}
	binary.BigEndian.PutUint64(b.ID[:], uint64(n)+1)
	return b
}

func open(t testing.TB, path string) *outbox.Outbox {
	t.Helper()
	o, err := outbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// pending returns every pending batch and fails on errors.
func pending(t *testing.T, o *outbox.Outbox) []merge.Batch {
	t.Helper()
	var all []merge.Batch
	for b, err := range o.Pending(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantBatches(t *testing.T, o *outbox.Outbox, numbers ...int) {
	t.Helper()
	var want []merge.Batch
	for _, n := range numbers {
		want = append(want, batch(n))
	}
	if diff := cmp.Diff(want, pending(t, o), equal); diff != "" {
		t.Fatalf("pending (-want +got):\n%s", diff)
	}
	if o.Len() != len(numbers) {
		t.Fatalf("Len is %d, want %d", o.Len(), len(numbers))
	}
}

func TestBatchesComeBackInOrderAfterReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := open(t, path)
	for _, n := range []int{300, 2, 7, 2, 300} { // ids do not sort like the order
		must(t, o.Add(batch(n)))
	}
	wantBatches(t, o, 300, 2, 7)
	must(t, o.Close())

	o = open(t, path)
	wantBatches(t, o, 300, 2, 7)
	must(t, o.Remove(batch(2).ID))
	must(t, o.Remove(batch(2).ID))
	must(t, o.Add(batch(1)))
	wantBatches(t, o, 300, 7, 1)
}

func TestRemoveWhileRanging(t *testing.T) {
	t.Parallel()
	o := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	for n := range 20 {
		must(t, o.Add(batch(n)))
	}
	seen := 0
	for b, err := range o.Pending(t.Context()) {
		must(t, err)
		must(t, o.Remove(b.ID))
		if seen++; seen == 5 {
			must(t, o.Add(batch(100)))
		}
	}
	if seen != 21 || o.Len() != 0 {
		t.Fatalf("saw %d batches and %d are left, want 21 and 0", seen, o.Len())
	}
}

func TestPartsTakeThePlaceOfTheirBatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := open(t, path)
	for _, n := range []int{300, 2, 1} {
		must(t, o.Add(batch(n)))
	}
	must(t, o.Replace(batch(2).ID, []merge.Batch{batch(4), batch(50)}))
	must(t, o.Replace(batch(2).ID, []merge.Batch{batch(5)})) // it is gone
	wantBatches(t, o, 300, 4, 50, 1)
	must(t, o.Close())

	o = open(t, path)
	must(t, o.Refuse(batch(4).ID, "no such rank"))
	must(t, o.Add(batch(2)))
	wantBatches(t, o, 300, 50, 1, 2)
}

func TestPendingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	o := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	must(t, o.Add(batch(0)))
	must(t, o.Add(batch(1)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs []error
	for _, err := range o.Pending(ctx) {
		errs = append(errs, err)
		cancel()
	}
	if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], context.Canceled) {
		t.Fatalf("got %v, want a batch and then the context's error", errs)
	}
}

func TestRefusedBatchesAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := open(t, path)
	for n := range 3 {
		must(t, o.Add(batch(n)))
	}
	must(t, o.Refuse(batch(1).ID, "no such rank"))
	must(t, o.Refuse(batch(1).ID, "again"))
	must(t, o.Refuse(batch(9).ID, "never added"))
	must(t, o.Add(batch(1))) // still known
	must(t, o.Remove(batch(1).ID))
	wantBatches(t, o, 0, 2)
	must(t, o.Close())

	o = open(t, path)
	wantBatches(t, o, 0, 2)
	refusals, err := o.Refusals()
	must(t, err)
	if o.Refused() != 1 || len(refusals) != 1 {
		t.Fatalf("%d refused, listed %v; want one", o.Refused(), refusals)
	}
	r := refusals[0]
	if r.Reason != "no such rank" || r.At.IsZero() || !strings.Contains(string(r.Batch), `"rank1"`) || r.Raw != nil {
		t.Fatalf("the refusal does not hold the batch and the reason: %+v", r)
	}
}

func TestConcurrentAdds(t *testing.T) {
	t.Parallel()
	o := open(t, filepath.Join(t.TempDir(), "outbox.db"))
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for n := range 10 {
				if err := o.Add(batch(worker/2*10 + n)); err != nil { // each batch twice
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	var numbers []int
	for _, b := range pending(t, o) {
		numbers = append(numbers, int(binary.BigEndian.Uint64(b.ID[:]))-1)
	}
	slices.Sort(numbers)
	if o.Len() != 20 || len(slices.Compact(numbers)) != 20 {
		t.Fatalf("Len is %d and %v are pending, want 0 to 19 once each", o.Len(), numbers)
	}
}

func TestAcknowledgedBatchesSurviveKill(t *testing.T) {
	t.Parallel()
	for _, acknowledged := range []int{1, 40} {
		path := filepath.Join(t.TempDir(), "outbox.db")
		c := startChild(t, "add", path)
		c.await(acknowledged)
		last, err := strconv.Atoi(c.kill())
		must(t, err)

		all := pending(t, open(t, path))
		if len(all) != last+1 && len(all) != last+2 { // one may be stored and not yet acknowledged
			t.Fatalf("%d batches are there, %d were acknowledged", len(all), last+1)
		}
		for n, b := range all {
			if diff := cmp.Diff(batch(n), b, equal); diff != "" {
				t.Fatalf("batch %d (-want +got):\n%s", n, diff)
			}
		}
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	c := startChild(t, "hold", path)
	c.await(1)
	_, err := outbox.Open(path)
	if !errors.Is(err, outbox.ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Fatalf("got %v, want ErrLocked with the path", err)
	}
	c.kill()
	open(t, path)
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "deep", "outbox.db")
	must(t, open(t, path).Close())
	must(t, os.Chmod(path, 0o644)) // as a careless copy would leave it
	must(t, open(t, path).Close())
	for name, want := range map[string]os.FileMode{
		path: 0o600, filepath.Dir(path): os.ModeDir | 0o700, filepath.Dir(filepath.Dir(path)): os.ModeDir | 0o700,
	} {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestClosedOutbox(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := open(t, path)
	must(t, o.Close())
	must(t, o.Close())
	for name, err := range map[string]error{
		"Add": o.Add(batch(0)), "Remove": o.Remove(batch(0).ID), "SaveBans": o.SaveBans(bans(1, 1)),
	} {
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s after Close: %v, want an error with the path", name, err)
		}
	}
}
