package fishapi

import (
	"context"
	"net/netip"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishjson"
)

// Bans is what the protocol needs of the use-cases about bans; *sidecar.Bans is
// one.
type Bans interface {
	IsBanned(id syncer.PlayerID, address netip.Addr) (bool, error)
	AddBan(ctx context.Context, ban syncer.NewBan) (stored syncer.Ban, outcome syncer.BanOutcome, err error)
	LiftBan(ctx context.Context, target syncer.Target, by, reason string) (ban syncer.Ban, lifted bool, err error)
}

// banRoutes are the endpoints about bans.
var banRoutes = []route{
	{"POST", "/checkIsBanned", (*Handler).checkIsBanned},
	{"POST", "/ban", (*Handler).ban},
	{"POST", "/unban", (*Handler).unban},
}

// subject is whom a request about bans names: an id, an address, or both.
type subject struct {
	id      syncer.PlayerID // "" if not given
	address netip.Addr      // invalid if not given
}

// subject reads ip and uuid. Beside a uuid the ip may be none: consoles send "<unknown>" for
// a player that never connected, and the uuid must not get lost for it.
func (c *call) subject() (subject, error) {
	var s subject
	body, err := c.object()
	if err != nil {
		return s, err
	}
	uuid, err := fishjson.Object(body).Clearable("uuid")
	if err != nil {
		return s, err
	}
	ip, err := fishjson.Object(body).Clearable("ip")
	if err != nil {
		return s, err
	}
	if uuid.Value == nil && ip.Value == nil {
		return s, syncer.Invalid("uuid", "give a uuid or an ip")
	}
	if uuid.Value != nil {
		if s.id, err = syncer.ParsePlayerID(*uuid.Value); err != nil {
			return s, err
		}
	}
	if ip.Value == nil || s.id != "" && fishjson.IsNoAddress(*ip.Value) {
		return s, nil
	}
	s.address, err = syncer.ParseAddress(*ip.Value)
	return s, err
}

// targets returns what a ban of the subject bans: each by itself.
func (s subject) targets() []syncer.Target {
	var targets []syncer.Target
	if s.id != "" {
		targets = append(targets, syncer.TargetID(s.id))
	}
	if s.address.IsValid() {
		targets = append(targets, syncer.TargetAddress(s.address))
	}
	return targets
}

var (
	banned    = []byte(`{"data":true}`)
	notBanned = []byte(`{"data":false}`)
)

// checkIsBanned answers from memory. On a false the plugin lifts its own bans, so
// one is never given while it might be wrong.
func (h *Handler) checkIsBanned(c *call) error {
	s, err := c.subject()
	if err != nil {
		return err
	}
	verdict, err := h.deps.Bans.IsBanned(s.id, s.address)
	if err != nil {
		return err
	}
	if verdict {
		return c.json(banned)
	}
	return c.json(notBanned)
}

// ban bans what is given until it is lifted. What is clearly no id bans nothing.
func (h *Handler) ban(c *call) error {
	s, err := c.subject()
	if err == nil {
		err = syncer.CheckBannedID(string(s.id))
	}
	if err != nil {
		return err
	}
	for _, target := range s.targets() {
		if _, _, err := h.deps.Bans.AddBan(c.ctx, syncer.NewBan{Target: target, By: c.author()}); err != nil {
			return err
		}
	}
	return c.json([]byte(`{"data":"banned"}`))
}

// unban lifts the bans of what is given and no other.
func (h *Handler) unban(c *call) error {
	s, err := c.subject()
	if err != nil {
		return err
	}
	for _, target := range s.targets() {
		if _, _, err := h.deps.Bans.LiftBan(c.ctx, target, c.author(), ""); err != nil {
			return err
		}
	}
	return c.json([]byte(`{"status":"unbanned"}`))
}

// author names the game server in the list of bans: requests about bans do not say
// who gave the command.
func (c *call) author() string {
	peer, _ := netip.ParseAddrPort(c.r.RemoteAddr)
	return "game server " + peer.Addr().Unmap().String()
}
