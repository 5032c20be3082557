package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Format is the program that a file is of.
type Format string

// The formats.
const (
	FormatFish      Format = "fish"      // mongoexport of the Mindustry plugin's old backend
	FormatMinecraft Format = "minecraft" // banned-players.json or banned-ips.json
)

// Kind is what the documents of a file are.
type Kind string

// The kinds.
const (
	KindAny     Kind = ""        // told by the shape of each document
	KindPlayers Kind = "players" // all are players
	KindBans    Kind = "bans"    // all are bans
)

// How much goes into one transaction. Of so many rows the database records which they are,
// see the SQL function feed_limit: the sidecars need not read again all that they hold.
const (
	batchPlayers = 1000
	batchBans    = 1000
	batchBytes   = 32 << 20
)

// Store is where documents go; see package store. Both operations store all or
// nothing, and the same again changes nothing.
type Store interface {
	ImportPlayers(ctx context.Context, players []merge.ImportedPlayer) (merge.PlayerImport, error)
	ImportBans(ctx context.Context, bans []syncer.BanRecord) ([]syncer.ImportedBan, error)
}

// Options say what to read and how.
type Options struct {
	Format   Format
	Kind     Kind   // of a fish file
	Gamemode string // of plain values in a fish file
	Address  string // of plain usids in a fish file
	From     Position
	Now      time.Time // by the database's clock
	// Confirmed takes also bans in force of wide ranges, see [syncer.Target.IsWide].
	Confirmed bool

	// Refused is told of each document that is not stored.
	Refused func(Refusal)
	// Warned is told of each field that is stored otherwise than it stands; nil tells nobody.
	Warned func(Refusal)
	// Committed is told after each transaction how far it reaches and what was
	// done altogether.
	Committed func(Position, Summary)
}

// Refusal is a document that is not stored, or a field that is stored otherwise, and why.
type Refusal struct {
	Line     int    `json:"line"`         // where the document begins
	Document int    `json:"document"`     // its number, from 1
	ID       string `json:"id,omitempty"` // of the player or the ban's target, if known
	Field    string `json:"field,omitempty"`
	Error    string `json:"error"`
}

// Summary is what an import came to, less what was done before [Options.From].
type Summary struct {
	Documents int                `json:"documents"` // read, those refused included
	Players   merge.PlayerImport `json:"players"`
	Bans      BanImport          `json:"bans"`
	Refused   int                `json:"refused"`
	Warned    int                `json:"warned"` // fields that are stored otherwise than they stand
	// Ignored counts by name the fields that mean nothing here.
	Ignored map[string]int `json:"ignored"`
}

// BanImport is what an import of bans came to.
type BanImport struct {
	Added int `json:"added"`
	Known int `json:"known"` // here already, or another open ban of the target stands
	// Strangers are those added of ids that no player has yet.
	Strangers int `json:"strangers"`
}

// place is where in the file something is from.
type place struct{ line, document int }

type entry[T any] struct {
	value T
	place
}

// run is one import under way.
type run struct {
	Options
	store   Store
	summary Summary
	players []entry[merge.ImportedPlayer]
	ids     map[syncer.PlayerID]bool // of players
	bans    []entry[syncer.BanRecord]
	bytes   int
}

// Import reads a file from [Options.From] on, where the reader must be, and stores
// its documents. If ctx ends, what was read is still stored; then the error is that
// of ctx. After an error the import may be repeated from the last position committed.
func Import(ctx context.Context, from io.Reader, store Store, o Options) (Summary, error) {
	r := &run{Options: o, store: store, ids: map[syncer.PlayerID]bool{}}
	r.summary.Ignored = map[string]int{}
	documents, err := newDocuments(from, o.From)
	if err != nil {
		return r.summary, err
	}
	at := o.From
	uncancelled := context.WithoutCancel(ctx) // for transactions: they finish even if ctx ends
	for ctx.Err() == nil {
		found, err := documents.next()
		if errors.Is(err, io.EOF) {
			return r.summary, r.flush(uncancelled, documents.at)
		}
		if err != nil {
			return r.summary, fmt.Errorf("read documents: %w", err)
		}
		if err := r.add(uncancelled, found, at); err != nil {
			return r.summary, err
		}
		at = found.end
		if len(r.players) >= batchPlayers || len(r.bans) >= batchBans || r.bytes >= batchBytes {
			if err := r.flush(uncancelled, at); err != nil {
				return r.summary, err
			}
		}
	}
	if err := r.flush(uncancelled, at); err != nil {
		return r.summary, err
	}
	return r.summary, context.Cause(ctx)
}

// add adds a document to the batch. A player who is in it already is stored first,
// so that the later document adds to the earlier one.
func (r *run) add(ctx context.Context, found document, before Position) error {
	r.summary.Documents++
	at := place{found.line, found.end.Document}
	player, bans, err := r.read(found, at)
	if err != nil {
		r.refuse(at, string(player.ID), err)
		return nil // the others go in
	}
	if player.ID != "" {
		if r.ids[player.ID] {
			if err := r.flush(ctx, before); err != nil {
				return err
			}
		}
		r.ids[player.ID] = true
		r.players = append(r.players, entry[merge.ImportedPlayer]{player, at})
	}
	for _, ban := range bans {
		r.bans = append(r.bans, entry[syncer.BanRecord]{ban, at})
	}
	r.bytes += len(found.text)
	return nil
}

// read reads a document: a player or bans.
func (r *run) read(found document, at place) (player merge.ImportedPlayer, bans []syncer.BanRecord, err error) {
	if found.err != nil {
		return player, nil, found.err
	}
	object, err := parseDocument(found.text)
	if err != nil {
		return player, nil, err
	}
	if r.Format == FormatMinecraft {
		warn := func(id, field, text string) {
			r.summary.Warned++
			if r.Warned != nil {
				r.Warned(Refusal{Line: at.line, Document: at.document, ID: id, Field: field, Error: text})
			}
		}
		return readMinecraft(object, r.Options, r.ignore, warn)
	}
	ban, err := isBan(object, r.Kind)
	if err != nil {
		return player, nil, err
	}
	if ban {
		bans, err = readBans(object, r.Options, r.ignore, func(err error) { r.refuse(at, "", err) })
		return player, bans, err
	}
	player, err = readPlayer(object, r.Options, r.ignore)
	return player, nil, err
}

// ignore counts a field that has no meaning here; at most 1000 names are kept.
func (r *run) ignore(field string) {
	if _, noted := r.summary.Ignored[field]; noted || len(r.summary.Ignored) < 1000 {
		r.summary.Ignored[field]++
	}
}

// flush stores what was read up to a position.
func (r *run) flush(ctx context.Context, at Position) error {
	err := storeEach(r.players, func(players []merge.ImportedPlayer) error {
		done, err := r.store.ImportPlayers(ctx, players)
		r.summary.Players = r.summary.Players.Add(done)
		return err
	}, func(p entry[merge.ImportedPlayer], err error) { r.refuse(p.place, string(p.value.ID), err) })
	if err != nil {
		return err
	}
	err = storeEach(r.bans, func(bans []syncer.BanRecord) error {
		done, err := r.store.ImportBans(ctx, bans)
		for _, ban := range done {
			if ban.Outcome == syncer.ImportAdded {
				r.summary.Bans.Added++
				if ban.Stranger {
					r.summary.Bans.Strangers++
				}
			} else {
				r.summary.Bans.Known++
			}
		}
		return err
	}, func(b entry[syncer.BanRecord], err error) { r.refuse(b.place, b.value.Target.String(), err) })
	if err != nil {
		return err
	}
	r.players, r.bans, r.bytes = r.players[:0], r.bans[:0], 0
	clear(r.ids)
	if r.Committed != nil {
		summary := r.summary
		summary.Ignored = maps.Clone(summary.Ignored)
		r.Committed(at, summary)
	}
	return nil
}

// storeEach stores entries together. If the database refuses a value, it finds the
// wrong entry by bisection and refuses that one only.
func storeEach[T any](entries []entry[T], store func([]T) error, refuse func(entry[T], error)) error {
	if len(entries) == 0 {
		return nil
	}
	values := make([]T, len(entries))
	for i, e := range entries {
		values[i] = e.value
	}
	err := store(values)
	switch {
	case err == nil || syncer.CodeOf(err) != syncer.CodeInvalid:
		return err
	case len(entries) == 1:
		refuse(entries[0], err)
		return nil
	}
	half := len(entries) / 2
	if err := storeEach(entries[:half], store, refuse); err != nil {
		return err
	}
	return storeEach(entries[half:], store, refuse)
}

func (r *run) refuse(at place, id string, err error) {
	refusal := Refusal{Line: at.line, Document: at.document, ID: id, Error: err.Error()}
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		refusal.Field, refusal.Error = e.Field, e.Message
		if e.Code == syncer.CodeUnconfirmed {
			refusal.Error += ", by --yes"
		}
	}
	r.summary.Refused++
	if r.Refused != nil {
		r.Refused(refusal)
	}
}
