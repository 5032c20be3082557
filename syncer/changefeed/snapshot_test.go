package changefeed_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer/changefeed"
)

// server assigns transaction ids and takes snapshots as PostgreSQL does.
type server struct {
	next, newest uint64 // the id to assign next; the newest that has finished
	running      map[uint64]bool
}

// snapshot returns the text of the current snapshot and what is finished in truth.
func (s *server) snapshot() (string, map[uint64]bool) {
	xmax := s.newest + 1
	xmin, list := xmax, ""
	finished := map[uint64]bool{}
	for xid := range s.next {
		switch {
		case !s.running[xid]:
			finished[xid] = true
		case xid < xmax:
			xmin = min(xmin, xid)
			list += fmt.Sprintf(",%d", xid)
		}
	}
	if list != "" {
		list = list[1:]
	}
	return fmt.Sprintf("%d:%d:%s", xmin, xmax, list), finished
}

func TestSnapshotsOfASimulatedHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &server{next: 3, newest: 2, running: map[uint64]bool{}}
		var taken []changefeed.Snapshot
		var truth []map[uint64]bool
		for range rapid.IntRange(10, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				s.running[s.next] = true
				s.next++
			case 1:
				if xid := rapid.Uint64Range(3, s.next).Draw(t, "xid"); s.running[xid] {
					delete(s.running, xid)
					s.newest = max(s.newest, xid)
				}
			default:
				text, finished := s.snapshot()
				snapshot, err := changefeed.ParseSnapshot(text)
				if err != nil || snapshot.String() != text {
					t.Fatalf("%q is read as %v, %v", text, snapshot, err)
				}
				taken, truth = append(taken, snapshot), append(truth, finished)
			}
		}
		for i, snapshot := range taken {
			for xid := range s.next + 3 {
				if snapshot.Sees(xid) != truth[i][xid] {
					t.Fatalf("%v sees %d: %v", snapshot, xid, snapshot.Sees(xid))
				}
				if xid < snapshot.Xmin() && !truth[i][xid] {
					t.Fatalf("%v has xmin %d, but %d was running", snapshot, snapshot.Xmin(), xid)
				}
			}
			for j, other := range taken {
				if newer := j < i && len(truth[j]) < len(truth[i]); snapshot.NewerThan(other) != newer {
					t.Fatalf("snapshot %d, %v, is newer than %d, %v: %v", i, snapshot, j, other, !newer)
				}
			}
		}
	})
}

func TestZeroSnapshotHasSeenNothing(t *testing.T) {
	t.Parallel()
	var zero changefeed.Snapshot
	first, err := changefeed.ParseSnapshot("3:3:")
	if err != nil {
		t.Fatal(err)
	}
	if !zero.IsZero() || first.IsZero() || zero.Sees(0) || zero.Sees(3) || zero.Xmin() != 0 {
		t.Error("the zero snapshot claims to have seen something")
	}
	if zero.NewerThan(first) || !first.NewerThan(zero) || zero.NewerThan(changefeed.Snapshot{}) {
		t.Error("the zero snapshot is not the oldest")
	}
}

func TestSnapshotsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "1:2", "1:2:3:4", ":2:", "1::", "2:1:", "-1:2:", "1:x:", "1:2:2", "5:9:4", "1:5:2,", "1:5:,2", "1:5:2;3",
		" 1:5:",
		"1:18446744073709551616:",
	} {
		if s, err := changefeed.ParseSnapshot(text); err == nil {
			t.Errorf("%q is taken for %v", text, s)
		}
	}
	if s, err := changefeed.ParseSnapshot(fmt.Sprintf("1:%d:7,5,7", uint64(math.MaxUint64))); err != nil ||
		s.String() != "1:18446744073709551615:5,7" {
		t.Errorf("got %v, %v", s, err)
	}
}

func FuzzParseSnapshot(f *testing.F) {
	for _, seed := range []string{"10:20:10,14,15", "3:3:", "1:5:9", "x"} {
		f.Add(seed, uint64(12))
	}
	f.Fuzz(func(t *testing.T, text string, xid uint64) {
		s, err := changefeed.ParseSnapshot(text)
		if err != nil {
			return
		}
		back, err := changefeed.ParseSnapshot(s.String())
		if err != nil || back.String() != s.String() {
			t.Fatalf("%q is written as %q, which gives %v, %v", text, s, back, err)
		}
		if back.Sees(xid) != s.Sees(xid) || back.NewerThan(s) || s.NewerThan(back) {
			t.Fatalf("%v and %v differ", s, back)
		}
	})
}
