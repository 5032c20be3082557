package changefeed

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Snapshot says which transactions a read could see: PostgreSQL's pg_snapshot.
// The zero value has seen nothing. Snapshots taken on one primary are totally
// ordered: what one has seen, every later one has seen too. Snapshots of
// different epochs must not be compared.
type Snapshot struct {
	xmin, xmax uint64
	running    []uint64 // sorted ids in [xmin, xmax) that were still in progress
}

// ParseSnapshot reads the text form xmin:xmax:xip,xip,… of pg_snapshot.
func ParseSnapshot(text string) (Snapshot, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return Snapshot{}, fmt.Errorf("parse snapshot %q: want xmin:xmax:list", text)
	}
	xmin, errMin := strconv.ParseUint(parts[0], 10, 64)
	xmax, errMax := strconv.ParseUint(parts[1], 10, 64)
	if errMin != nil || errMax != nil || xmin > xmax {
		return Snapshot{}, fmt.Errorf("parse snapshot %q: bad bounds", text)
	}
	s := Snapshot{xmin: xmin, xmax: xmax}
	if parts[2] == "" {
		return s, nil
	}
	for item := range strings.SplitSeq(parts[2], ",") {
		xid, err := strconv.ParseUint(item, 10, 64)
		if err != nil || xid < xmin || xid >= xmax {
			return Snapshot{}, fmt.Errorf("parse snapshot %q: bad transaction id %q", text, item)
		}
		s.running = append(s.running, xid)
	}
	slices.Sort(s.running)
	s.running = slices.Compact(s.running)
	return s, nil
}

// String returns the text form that PostgreSQL reads.
func (s Snapshot) String() string {
	text := strconv.AppendUint(nil, s.xmin, 10)
	text = strconv.AppendUint(append(text, ':'), s.xmax, 10)
	text = append(text, ':')
	for i, xid := range s.running {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, xid, 10)
	}
	return string(text)
}

// IsZero reports whether s is the snapshot that has seen nothing.
func (s Snapshot) IsZero() bool { return s.xmax == 0 }

// Xmin returns the oldest transaction that s may not have seen.
func (s Snapshot) Xmin() uint64 { return s.xmin }

// Sees reports whether the transaction was finished when s was taken.
func (s Snapshot) Sees(xid uint64) bool {
	if xid < s.xmin {
		return true
	}
	if xid >= s.xmax {
		return false
	}
	_, running := slices.BinarySearch(s.running, xid)
	return !running
}

// NewerThan reports whether s has seen more than other. It relies on both being
// of one epoch: then a larger xmax, or fewer running transactions below an equal
// one, is later.
func (s Snapshot) NewerThan(other Snapshot) bool {
	if s.xmax != other.xmax {
		return s.xmax > other.xmax
	}
	return len(s.running) < len(other.running)
}
