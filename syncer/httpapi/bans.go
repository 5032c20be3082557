package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

// registerBans adds the operations on bans.
func (s *Server) registerBans() {
	declare(s, route{
		http.MethodPost, "/v1/bans", "add-ban", tagBans,
		"Ban a player id, an address or a range",
		"At most one ban of a target stands at a time: if one does already, it is returned as it is, " +
			"and outcome says so; with replace it gets the new reason and end. " +
			"A uuid that no player has may be the name of one; a name of several is refused. " +
			"An id that nobody has yet is banned nevertheless: known says so. " +
			"A ban that is wide or meets many players gets 409 with the code unconfirmed, unless confirm is true.",
		replies{201: "The new ban.", 200: "The ban that stood already."},
		storedOr(http.StatusConflict),
	}, s.addBan)
	declareByHand[checkBansInput, result[wire.Checked]](s, route{
		http.MethodPost, "/v1/bans/check", "check-bans", tagBans,
		"Ask whether bans forbid joining",
		"The bans of the player id, of the address and of every range that contains it. " +
			"The verdict comes from memory; who is meant by player, from the database.",
		replies{200: "The verdict."},
		nil,
	}, s.byHand(s.checkBans))
	declare(s, route{
		http.MethodPost, "/v1/bans/lift", "lift-ban", tagBans,
		"Lift a ban",
		"The ban stays as history. " +
			"Exactly the given target is meant: a range that contains it stays banned and is named. " +
			"A ban that has expired is over and stays as it is.",
		replies{200: "Whether a ban stood."},
		stored,
	}, s.liftBan)
	declare(s, route{
		http.MethodGet, "/v1/bans", "list-bans", tagBans,
		"List bans",
		"Bans open and lifted, from the database.",
		replies{200: "One page."},
		stored,
	}, s.listBans)
}

// Bans is what the API needs of the use-cases about bans; *sidecar.Bans is one.
type Bans interface {
	Impose(ctx context.Context, request syncer.NewBan, strangers bool) (syncer.AddedBan, error)
	CheckBans(ctx context.Context, id syncer.PlayerID, address netip.Addr) ([]syncer.Ban, error)
	Identify(ctx context.Context, target syncer.Target) (syncer.IdentifiedTarget, error)
	Revoke(ctx context.Context, target syncer.Target, by, reason string) (syncer.LiftedBan, error)
	ListBans(
		ctx context.Context, filter syncer.BanFilter, page sidecar.Page,
	) (bans []syncer.Ban, next string, err error)
}

type addBanInput struct {
	Author
	Body wire.NewBan `doc:"Whom to ban, for how long and why."`
}

func (s *Server) addBan(ctx context.Context, in *addBanInput) (*resultAs[wire.AddedBan], error) {
	request, err := in.Body.Ban(s.deps.Players.Now())
	if err != nil {
		return nil, err
	}
	added, err := s.deps.Bans.Impose(ctx, request, true)
	status := http.StatusOK
	if added.Outcome == syncer.BanMade {
		status = http.StatusCreated
	}
	return &resultAs[wire.AddedBan]{status, wire.AddedBanOf(request, added, s.deps.Players.Now())}, err
}

type checkBansInput struct {
	Author
	Body wire.BanCheck `doc:"Whom to ask about."`
}

func (s *Server) checkBans(ctx context.Context, c *call) (answer, error) {
	var in wire.BanCheck
	if err := s.body(c, &in); err != nil {
		return nil, err
	}
	id, address, err := in.Question()
	if err != nil {
		return nil, err
	}
	var known *bool
	if in.Player != nil {
		player, err := s.deps.Bans.Identify(ctx, syncer.TargetID(id))
		if err != nil {
			return nil, syncer.InField("player", err)
		}
		id, known = player.Target.ID, &player.Known
	}
	bans, err := s.deps.Bans.CheckBans(ctx, id, address)
	return checkAnswer{bans, known, s.deps.Players.Now()}, err
}

// checkAnswer says whether bans forbid joining.
type checkAnswer struct {
	bans  []syncer.Ban
	known *bool
	now   time.Time
}

func (a checkAnswer) status() int { return http.StatusOK }

func (a checkAnswer) header(http.Header) {}

func (a checkAnswer) append(b []byte) []byte {
	if len(a.bans) == 0 && a.known == nil {
		return append(b, `{"banned":false,"bans":[],"known":null}`...)
	}
	return appendJSON(b, wire.CheckedOf(a.bans, a.known, a.now))
}

type liftBanInput struct {
	Author
	Body wire.BanLift `doc:"Whose ban to lift."`
}

func (s *Server) liftBan(ctx context.Context, in *liftBanInput) (*result[wire.Lifted], error) {
	target, by, reason, err := in.Body.Lift()
	if err != nil {
		return nil, err
	}
	lifted, err := s.deps.Bans.Revoke(ctx, target, by, reason)
	return &result[wire.Lifted]{wire.LiftedOf(lifted, s.deps.Players.Now())}, err
}

type listBansInput struct {
	UUID     bannedPlayer   `query:"uuid" minLength:"1" maxLength:"69" example:"abcdefghijklmnopqrstuv==" doc:"Only of this player id or, where nobody has that id, of the one player of that name."`
	Player   bannedPlayer   `query:"player" minLength:"1" maxLength:"69" example:"abcdefghijklmnopqrstuv==" doc:"Only those that meet this player, by id or name, or did: of the id, of addresses that the player joined from, and of ranges around them. Not with uuid or ip."`
	IP       network        `query:"ip" minLength:"1" maxLength:"64" example:"198.51.100.7" doc:"Only of addresses and ranges that overlap this one."`
	By       string         `query:"by" maxLength:"512" example:"Steve" doc:"Only by this author."`
	LiftedBy string         `query:"liftedBy" maxLength:"512" example:"Alice" doc:"Only those that this person lifted."`
	Active   given[bool]    `query:"active" doc:"Only those in force now, or only those not."`
	Kind     syncer.BanKind `query:"kind" minLength:"1" enum:"player,address,range" doc:"Only of player ids, single addresses or ranges."`
	Reason   string         `query:"reason" maxLength:"2000" example:"grief" doc:"Only those whose reason contains this, whatever the case."`
	From     moment         `query:"from" minLength:"1" maxLength:"64" example:"2030-01-02T03:04:05.000Z" doc:"Only those made at this time or later: RFC 3339, or how long ago, such as 7d."`
	To       moment         `query:"to" minLength:"1" maxLength:"64" example:"2030-01-03T03:04:05.000Z" doc:"Only those made before this time."`
	Page
}

func (s *Server) listBans(ctx context.Context, in *listBansInput) (*result[wire.BansPage], error) {
	now := s.deps.Players.Now()
	bans, next, err := s.deps.Bans.ListBans(ctx, syncer.BanFilter{
		ID: in.UUID.PlayerID, Meets: in.Player.PlayerID, IP: in.IP.text(), By: in.By, LiftedBy: in.LiftedBy,
		Active: in.Active.pointer(), Kind: in.Kind, Reason: in.Reason,
		CreatedFrom: in.From.At(now), CreatedTo: in.To.At(now),
	}, in.selection())
	page := wire.BansPage{Bans: wire.BansOf(bans, now), Next: wire.Next(next)}
	return &result[wire.BansPage]{page}, inQueryIfAny(err)
}
