package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/merge"
	"playersync/syncer/sidecar"
)

// registerPlayers adds the operations on players.
func (s *Server) registerPlayers() {
	declareByHand[joinInput, recordResult[wire.Joined]](s, route{
		http.MethodPost, "/v1/players/{id}/join", "join-player", tagPlayers,
		"A player connects",
		"One request at the connect packet: returns the record as the asking server sees it " +
			"and the ban that applies, counts the join and remembers name and address. " +
			"The verdict comes from memory and is given also while the database is out of reach.",
		replies{200: "The record and the verdict."},
		stored,
	}, s.byHand(s.joinPlayer))
	declareByHand[playerInput, recordResult[wire.Record]](s, route{
		http.MethodGet, "/v1/players/{id}", "get-player", tagPlayers,
		"Read a player",
		"The record as the asking server sees it. " +
			"If-None-Match with the ETag answers 304 where the revision is the same.",
		replies{200: "The record.", 304: "The revision is the one in If-None-Match."},
		storedOr(http.StatusNotFound),
	}, s.byHand(s.getPlayer))
	declare(s, route{
		http.MethodPatch, "/v1/players/{id}", "patch-player", tagPlayers,
		"Change fields of a player",
		"A JSON merge patch over the fields. " +
			"Important fields (" + strings.Join(merge.ImportantFields(), ", ") + ", muted) are applied " +
			"to the current row at once and reach every server within milliseconds; " +
			"the others are in memory at once and in the database soon. " +
			"With If-Match nothing happens unless the revision is still the one given.",
		replies{200: "The record after the change."},
		storedOr(http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed),
	}, s.patchPlayer)
	declareByHand[leaveInput, struct{}](s, route{
		http.MethodPost, "/v1/players/{id}/leave", "leave-player", tagPlayers,
		"A player leaves",
		"Saves the unimportant and unsynced fields; what the asking server did not change " +
			"since it was shown the record is left alone. " +
			"A whole record may be sent: important and computed fields are passed over. " +
			"Without a body only pending changes are saved. " +
			"During an outage of the database the save is kept on disk and stored exactly once later.",
		replies{204: "Saved, or kept on disk until it can be."},
		nil,
	}, s.byHand(s.leavePlayer))
	s.registerPlayerLists()
}

func (s *Server) registerPlayerLists() {
	declare(s, route{
		http.MethodGet, "/v1/players/{id}/history", "get-history", tagPlayers,
		"Read a player's history",
		"The newest moderation actions, oldest of them first; older ones by the page's `next`. Nothing a server " +
			"sends can remove an entry. A player has at most 10000.",
		replies{200: "The entries of the page."},
		storedOr(http.StatusNotFound),
	}, s.getHistory)
	declare(s, route{
		http.MethodGet, "/v1/players/{id}/gamemodes", "get-gamemodes", tagPlayers,
		"Read what every gamemode counts of a player",
		"Join times and counters as they are stored; what a server counted in the last moments follows within its " +
			"flush interval. The record has those of the asking server's gamemode only.",
		replies{200: "What each counts."},
		storedOr(http.StatusNotFound),
	}, s.getGamemodes)
	declare(s, route{
		http.MethodGet, "/v1/players", "search-players", tagPlayers,
		"List players, or search them by name",
		"Players by name; with `name` those whose name contains it, whatever its case, " +
			"those first whose name begins with it.",
		replies{200: "One page."},
		stored,
	}, s.searchPlayers)
}

// Players is what the API needs of the use-cases about players;
// *sidecar.Players is one. Values it returns are shared and not changed here.
type Players interface {
	Join(
		ctx context.Context, from syncer.GameServer, id syncer.PlayerID, request sidecar.JoinRequest,
	) (sidecar.JoinResult, error)
	Player(
		ctx context.Context, from syncer.GameServer, id syncer.PlayerID, holds func(revision int64) bool,
	) (merge.View, sidecar.Source, error)
	Patch(
		ctx context.Context, from syncer.GameServer, id syncer.PlayerID, patch sidecar.Patch, ifMatch *int64,
	) (merge.View, error)
	Leave(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save) error
	Record(ctx context.Context, id syncer.PlayerID) (*syncer.Player, sidecar.Source, error)
	View(from syncer.GameServer, player *syncer.Player) merge.View
	History(
		ctx context.Context, id syncer.PlayerID, page sidecar.Page,
	) (entries []syncer.HistoryEntry, next string, source sidecar.Source, err error)
	Search(ctx context.Context, name string, page sidecar.Page) (players []syncer.PlayerSummary, next string, err error)

	Met(from syncer.GameServer, target syncer.Target) []syncer.PlayerID

	Staleness() time.Duration // since memory was last known to equal the database
	Now() time.Time           // by the database's clock
}

type playerInput struct {
	OnePlayer
	Asking
	IfNoneMatch string `header:"If-None-Match" example:"\"42\"" doc:"ETag of the copy that the client has."`
}

func (s *Server) getPlayer(ctx context.Context, c *call) (answer, error) {
	holds := func(revision int64) bool { return noneMatch(c.r.Header, revision) }
	view, source, err := s.deps.Players.Player(ctx, c.from, c.id, holds)
	if err != nil {
		return nil, err
	}
	return &recordAnswer{
		freshness: s.freshness(source), view: view, now: s.deps.Players.Now(), notModified: holds(view.Revision),
	}, nil
}

// recordAnswer is one player.
type recordAnswer struct {
	freshness
	view        merge.View
	now         time.Time
	notModified bool // the client has this revision
}

func (a *recordAnswer) status() int {
	if a.notModified {
		return http.StatusNotModified
	}
	return http.StatusOK
}

func (a *recordAnswer) header(h http.Header) {
	a.freshness.header(h)
	h["Etag"] = []string{etag(a.view.Revision)}
}

func (a *recordAnswer) append(b []byte) []byte { return appendRecord(b, &a.view, a.now) }

type joinInput struct {
	OnePlayer
	Acting
	Body wire.Join `doc:"Who connects."`
}

func (s *Server) joinPlayer(ctx context.Context, c *call) (answer, error) {
	var in wire.Join
	if err := s.body(c, &in); err != nil {
		return nil, err
	}
	result, err := s.deps.Players.Join(ctx, c.from, c.id, sidecar.JoinRequest{
		Name: in.Name,
		IP:   in.IP.Addr,
		USID: in.USID,
	})
	if err != nil {
		return nil, err
	}
	return &joinAnswer{
		freshness: s.freshness(result.Source), view: result.Player, ban: result.Ban, now: s.deps.Players.Now(),
	}, nil
}

// joinAnswer is the record and the verdict that a join asks for.
type joinAnswer struct {
	freshness
	view *merge.View
	ban  *syncer.Ban
	now  time.Time
}

func (a *joinAnswer) status() int { return http.StatusOK }

func (a *joinAnswer) header(h http.Header) {
	a.freshness.header(h)
	if a.view != nil {
		h["Etag"] = []string{etag(a.view.Revision)}
	}
}

func (a *joinAnswer) append(b []byte) []byte {
	b = append(b, `{"player":`...)
	if a.view == nil {
		b = append(b, "null"...)
	} else {
		b = appendRecord(b, a.view, a.now)
	}
	b = append(b, `,"ban":`...)
	if a.ban == nil {
		return append(b, "null}"...)
	}
	return append(appendJSON(b, wire.BanOf(*a.ban, a.now)), '}')
}

type leaveInput struct {
	OnePlayer
	Acting
	Body *wire.Leave `doc:"The fields to save, or the whole record, or nothing."`
}

func (s *Server) leavePlayer(ctx context.Context, c *call) (answer, error) {
	var in *wire.Leave
	if err := s.body(c, &in); err != nil {
		return nil, err
	}
	var save merge.Save
	if in != nil {
		var err error
		if save, err = in.Save(c.id, s.deps.Players.Now()); err != nil {
			return nil, err
		}
	}
	return nothing{}, s.deps.Players.Leave(ctx, c.from, c.id, save)
}

type patchPlayerInput struct {
	OnePlayer
	Acting
	Condition
	Body wire.PlayerPatch `doc:"The fields to change."`
}

func (s *Server) patchPlayer(ctx context.Context, in *patchPlayerInput) (*recordResult[wire.Record], error) {
	save, err := in.Body.Save(s.deps.Players.Now())
	if err != nil {
		return nil, err
	}
	changes := in.Body.Flags.Value.Changes
	view, err := s.deps.Players.Patch(ctx, in.from, in.ID.PlayerID, sidecar.Patch{
		Save: save, AddFlags: changes.Add, RemoveFlags: changes.Remove, AttributesPatch: in.Body.AttributesPatch(),
	}, in.revision)
	if err != nil {
		return nil, s.withCurrentTag(ctx, in.from, in.ID.PlayerID, err)
	}
	return &recordResult[wire.Record]{
		etag(view.Revision), s.freshHeaders(sidecar.FromDatabase), wire.RecordOf(view, s.deps.Players.Now()),
	}, nil
}

// withCurrentTag adds the current ETag to the refusal of a stale change, where it
// is known.
func (s *Server) withCurrentTag(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, err error) error {
	if syncer.CodeOf(err) != syncer.CodeStale {
		return err
	}
	return staleProblem(err, func() (revision int64, err error) {
		unseen := func(int64) bool { return true }
		view, _, err := s.deps.Players.Player(ctx, from, id, unseen)
		return view.Revision, err
	})
}

func (s *Server) getGamemodes(ctx context.Context, in *OnePlayer) (*freshResult[wire.Gamemodes], error) {
	player, source, err := s.deps.Players.Record(ctx, in.ID.PlayerID)
	if err != nil {
		return nil, err
	}
	return &freshResult[wire.Gamemodes]{s.freshHeaders(source), wire.GamemodesOf(player)}, nil
}

type getHistoryInput struct {
	OnePlayer
	Page
}

func (s *Server) getHistory(ctx context.Context, in *getHistoryInput) (*freshResult[wire.HistoryPage], error) {
	entries, next, source, err := s.deps.Players.History(ctx, in.ID.PlayerID, in.selection())
	if in.After != "" {
		err = inQueryIfAny(err)
	}
	return &freshResult[wire.HistoryPage]{s.freshHeaders(source), wire.HistoryPageOf(entries, next)}, err
}

type searchPlayersInput struct {
	Name string `query:"name" minLength:"1" maxLength:"512" example:"steve" doc:"Part of the name; absent: all players."`
	Page
}

func (s *Server) searchPlayers(ctx context.Context, in *searchPlayersInput) (*result[wire.PlayersPage], error) {
	players, next, err := s.deps.Players.Search(ctx, in.Name, in.selection())
	return &result[wire.PlayersPage]{wire.PlayersPageOf(players, next)}, inQueryIfAny(err)
}
