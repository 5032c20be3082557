package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"strconv"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Source says where an answer came from.
type Source string

// The sources.
const (
	FromMemory   Source = "memory"   // the copy that the feed keeps current
	FromDatabase Source = "database" // read for this request
)

// JoinRequest is what a game server knows when a player connects.
type JoinRequest struct {
	Name string     // current name, colour tags included
	IP   netip.Addr // where the player connects from
	USID *string    // the client's proof of identity towards this server, if the game has one
}

// JoinResult is all that a game server needs to let a player in or not.
type JoinResult struct {
	Player *merge.View // nil while the database is out of reach and the player is not held
	Ban    *syncer.Ban // the ban that applies, nil if none
	Source Source      // where Player came from
}

// Patch is an explicit change of single fields. Scalars are set as given, set
// members added and removed, attributes merged, counters moved by the difference
// to what the server was last shown.
type Patch struct {
	Save            merge.Save // without Attributes
	AddFlags        []string   // not together with Save.Flags
	RemoveFlags     []string
	AttributesPatch json.RawMessage // JSON merge patch, nil for none
}

// Page selects a part of a listing. After is the position that the page before
// it returned as next, "" for the first one.
type Page struct {
	Size  int
	After string
}

// before is the number that everything on the page is below, where pages are
// ordered by falling number.
func (p Page) before() (int64, error) {
	if p.After == "" {
		return math.MaxInt64, nil
	}
	number, err := strconv.ParseInt(p.After, 10, 64)
	if err != nil || number < 1 {
		return 0, syncer.Invalid("after", "is not a position that a page returned as next")
	}
	return number, nil
}

// numbered reads a page of rows that are ordered by falling number: list returns up to size of
// those below a number. Next is the position of the page behind it, "" on the last. A page that
// takes too long is a shorter one. Errors: invalid for a position that is none, and those of list.
func numbered[R any](
	page Page, number func(R) int64, list func(before int64, size int) ([]R, error),
) (rows []R, next string, err error) {
	before, err := page.before()
	if err != nil {
		return nil, "", err
	}
	rows, err = list(before, page.Size+1)
	for errors.Is(err, context.DeadlineExceeded) && page.Size > 1 {
		page.Size = max(page.Size/4, 1)
		rows, err = list(before, page.Size+1)
	}
	if err != nil || len(rows) <= page.Size {
		return rows, "", err
	}
	rows = rows[:page.Size]
	return rows, strconv.FormatInt(number(rows[page.Size-1]), 10), nil
}
