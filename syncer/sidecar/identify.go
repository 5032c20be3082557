package sidecar

import (
	"context"
	"strings"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Finder finds out which player a text means. It is safe for concurrent use.
type Finder struct{ store FinderStore }

// FinderStore is what a finder needs of the database.
type FinderStore interface {
	ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)
	SearchPlayers(ctx context.Context, name string, size int, after string) ([]syncer.PlayerSummary, string, error)
	// Online returns who is on a server, or with "" on any.
	Online(ctx context.Context, server string) ([]syncer.Session, error)
}

// NewFinder returns the finder of the players in the store.
func NewFinder(store FinderStore) *Finder { return &Finder{store} }

// Bounds of what is said of players whose name fits.
const (
	maxNamesakes   = 1000 // that are looked at
	shownNamesakes = 5
)

// Find returns the player whose id the text is, a UUID in any spelling, or else the
// only player of that name, in any case: the name stored, or that of who is online and
// whose name may not be stored yet. With uuid: in front it is an id only. Errors:
// not_found; invalid for a text that is no id, or that is the name of several players, some
// of whose ids the message has.
func (f *Finder) Find(ctx context.Context, text string) (*syncer.Player, error) {
	id, meant, err := syncer.ReadPlayerID(text)
	if err != nil {
		return nil, err
	}
	switch player, err := f.read(ctx, id); {
	case player != nil || err != nil:
		return player, err
	case meant:
		return nil, syncer.NotFound("no player has the id %q", id)
	}
	return f.named(ctx, text)
}

// named returns the only player of a name, as [Finder.Find] does.
func (f *Finder) named(ctx context.Context, text string) (*syncer.Player, error) {
	found, _, err := f.store.SearchPlayers(ctx, text, maxNamesakes, "")
	if err != nil {
		return nil, err
	}
	online, err := f.store.Online(ctx, "")
	if err != nil {
		return nil, err
	}
	var namesakes []string
	for _, p := range found {
		if strings.EqualFold(p.Name, text) {
			namesakes = append(namesakes, string(p.ID))
		}
	}
	for _, session := range online {
		if strings.EqualFold(session.Name, text) {
			namesakes = append(namesakes, string(session.ID))
		}
	}
	namesakes = syncer.NormalizeSet(namesakes)
	switch {
	case len(namesakes) > 1:
		return nil, ambiguous(text, namesakes)
	case len(namesakes) == 1:
		player, err := f.read(ctx, syncer.PlayerID(namesakes[0]))
		if player == nil && err == nil {
			err = syncer.NotFound("no player %q", namesakes[0])
		}
		return player, err
	case len(found) > 0:
		return nil, syncer.NotFound("no player has the id or name %q; the name of %s contains it", text,
			syncer.Counted(len(found), "player"))
	default:
		return nil, syncer.NotFound("no player has the id or name %q", text)
	}
}

// read reads the player of an id, nil if there is none.
func (f *Finder) read(ctx context.Context, id syncer.PlayerID) (*syncer.Player, error) {
	readings, err := f.store.ReadPlayers(ctx, []syncer.PlayerID{id})
	if err != nil {
		return nil, err
	}
	return readings[0].Player, nil
}

// ambiguous says which players have a name.
func ambiguous(name string, ids []string) error {
	shown := ids[:min(shownNamesakes, len(ids))]
	more := ""
	if len(ids) > len(shown) {
		more = ", …"
	}
	return syncer.Invalid("", "%d players are called %q; give the id of one: %s%s",
		len(ids), name, strings.Join(shown, ", "), more)
}
