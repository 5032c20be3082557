package sidecar

import (
	"cmp"
	"context"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// Edits stores changes of players at once, each in one atomic step on the current row. What
// may wait goes through [Players]. It is safe for concurrent use.
type Edits struct {
	store   EditStore
	applier Applier
	clock   Clock
	edits   batcher[merge.PlayerEdit, *syncer.Player]
}

// EditStore is what edits need of the database.
type EditStore interface {
	ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)
	// EditPlayer returns the row as it is now, and the changes that other sidecars are told
	// of. With expected, the row must still have that revision.
	EditPlayer(
		ctx context.Context, id syncer.PlayerID, edit merge.Edit, expected *int64,
	) (changefeed.VersionedPlayer, []changefeed.Change, error)
	// EditPlayers does the same of several players in one step. Who has no reading is left as
	// he was.
	EditPlayers(
		ctx context.Context, edits []merge.PlayerEdit,
	) ([]changefeed.VersionedPlayer, []changefeed.Change, error)
	RemoveHistory(ctx context.Context, id syncer.PlayerID, entry syncer.HistoryEntry) (removed bool, err error)
}

// NewEdits returns the edits of the players in the store.
func NewEdits(store EditStore, applier Applier, clock Clock) *Edits {
	e := &Edits{store: store, applier: applier, clock: clock}
	e.edits.most, e.edits.lost = maxTogether, unknownOutcome
	e.edits.keys = func(edit merge.PlayerEdit) []string { return []string{string(edit.ID)} }
	e.edits.alone, e.edits.together = e.alone, e.together
	return e
}

// Edit changes a player and returns him as he is now. With expected, the row must still have
// that revision. Errors: invalid, not_found, stale, database_unavailable, outcome_unknown.
func (e *Edits) Edit(
	ctx context.Context, id syncer.PlayerID, edit merge.Edit, expected *int64,
) (*syncer.Player, error) {
	if err := syncer.CheckAuthor("by", syncer.AttributionOf(ctx).By); err != nil {
		return nil, err
	}
	if err := edit.Validate(); err != nil {
		return nil, err
	}
	return e.apply(ctx, id, edit, expected)
}

// apply stores an edit that is valid, together with others that come meanwhile, and puts what
// it made into the copies.
func (e *Edits) apply(
	ctx context.Context, id syncer.PlayerID, edit merge.Edit, expected *int64,
) (*syncer.Player, error) {
	return e.edits.one(ctx, merge.PlayerEdit{
		ID: id, Edit: edit, Expected: expected, Attribution: syncer.AttributionOf(ctx),
	})
}

// alone stores an edit. The context says for whom.
func (e *Edits) alone(ctx context.Context, asked merge.PlayerEdit) (*syncer.Player, error) {
	begun := e.applier.Begin()
	reading, changes, err := e.store.EditPlayer(ctx, asked.ID, asked.Edit, asked.Expected)
	if err != nil {
		return nil, err
	}
	e.applier.Wrote(begun, []changefeed.VersionedPlayer{reading}, changes)
	return reading.Player, nil
}

// together stores edits of different players.
func (e *Edits) together(
	ctx context.Context, asked []merge.PlayerEdit, answer func(i int, player *syncer.Player, err error),
) error {
	begun := e.applier.Begin()
	readings, changes, err := e.store.EditPlayers(ctx, asked)
	if err != nil {
		return err
	}
	e.applier.Wrote(begun, readings, changes)
	players := make(map[syncer.PlayerID]*syncer.Player, len(readings))
	for _, r := range readings {
		players[r.ID] = r.Player
	}
	for i, edit := range asked {
		if player, stored := players[edit.ID]; stored {
			answer(i, player, nil)
		}
	}
	return nil
}

// RemoveHistory takes an entry out of a player's history. Errors: conflict for one that is
// not there, database_unavailable, outcome_unknown.
func (e *Edits) RemoveHistory(ctx context.Context, id syncer.PlayerID, entry syncer.HistoryEntry) error {
	removed, err := e.store.RemoveHistory(ctx, id, entry)
	if err == nil && !removed {
		return &syncer.Error{Code: syncer.CodeConflict, Message: "the entry is gone already"}
	}
	return err
}

// Mute mutes a player and notes it in his history. A mute that stands already stays as it is,
// unless it is to be replaced. Where the request names nobody, the mute is for whom the context
// names. Errors: invalid, not_found, database_unavailable, outcome_unknown.
func (e *Edits) Mute(ctx context.Context, mute syncer.NewMute) (syncer.Muting, error) {
	now := e.clock.Now()
	mute.By = cmp.Or(mute.By, syncer.AttributionOf(ctx).By)
	if err := mute.Validate(now); err != nil {
		return syncer.Muting{}, err
	}
	edit := merge.Mute(mute, now)
	return e.mute(syncer.WithActor(ctx, mute.By), mute.Player, edit, now, func(isMuted bool) syncer.MuteOutcome {
		switch {
		case !isMuted:
			return syncer.MuteMade
		case mute.Replace:
			return syncer.MuteReplaced
		default:
			return syncer.MuteStands
		}
	})
}

// Unmute ends the mute of a player and notes it in his history; who is not muted stays as he
// is. Where by is empty, it is for whom the context names. Errors as of [Edits.Mute].
func (e *Edits) Unmute(ctx context.Context, id syncer.PlayerID, by string) (syncer.Muting, error) {
	now := e.clock.Now()
	by = cmp.Or(by, syncer.AttributionOf(ctx).By)
	if err := syncer.CheckAuthor("by", by); err != nil {
		return syncer.Muting{}, err
	}
	return e.mute(syncer.WithActor(ctx, by), id, merge.Unmute(by, now), now, func(isMuted bool) syncer.MuteOutcome {
		if isMuted {
			return syncer.MuteEnded
		}
		return syncer.MuteAbsent
	})
}

// mute applies an edit, provided that the outcome it has changes something. It decides anew
// if somebody else changed the row meanwhile.
func (e *Edits) mute(
	ctx context.Context, id syncer.PlayerID, edit merge.Edit, now time.Time,
	outcome func(isMuted bool) syncer.MuteOutcome,
) (syncer.Muting, error) {
	for {
		readings, err := e.store.ReadPlayers(ctx, []syncer.PlayerID{id})
		if err != nil {
			return syncer.Muting{}, err
		}
		player := readings[0].Player
		if player == nil {
			return syncer.Muting{}, syncer.NotFound("no player %q", id)
		}
		became := outcome(player.UnmuteTime.After(now))
		if became == syncer.MuteStands || became == syncer.MuteAbsent {
			return syncer.Muting{Player: player, Outcome: became}, nil
		}
		player, err = e.apply(ctx, id, edit, &player.Revision)
		if syncer.CodeOf(err) != syncer.CodeStale {
			return syncer.Muting{Player: player, Outcome: became}, err
		}
	}
}
