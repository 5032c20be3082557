package syncer

import "time"

// BanPreview is whom a ban of an address or a range would keep out, as far as is
// known: players who joined from there before.
type BanPreview struct {
	Target  Target
	Count   int64        // of all players seen from there
	Online  int64        // how many of them are on a server now, wherever they joined it from
	Players []SeenPlayer // some of them, the one seen last first
	Bans    []Ban        // in force that overlap it, newest first, at most MaxPreviewBans
}

// MaxPreviewBans is how many bans a preview shows.
const MaxPreviewBans = 100

// SeenPlayer is a player who joined from an address or a range.
type SeenPlayer struct {
	ID        PlayerID `json:"uuid" doc:"Player id."`
	Name      string   `json:"name" doc:"The current name."`
	Times     int64    `json:"times" doc:"How often the player joined from there."`
	LastSeen  Time     `json:"lastSeen" doc:"When last."`
	Addresses int64    `json:"addresses" doc:"From how many addresses there."`
	Latest    []string `json:"latest" nullable:"false" doc:"The latest of them, at most 8."`
	Servers   []string `json:"servers" nullable:"false" doc:"The game servers on which the player is now."`
}

// BanPreviewView is a preview as the API and the command line write it.
type BanPreviewView struct {
	IP      string       `json:"ip" doc:"The address or CIDR range."`
	Count   int64        `json:"count" doc:"How many players were seen from there."`
	Online  int64        `json:"online" doc:"How many of them are on a game server now, wherever they joined it from."`
	Players []SeenPlayer `json:"players" nullable:"false" doc:"Those seen last, the latest first."`
	Bans    []BanView    `json:"bans" nullable:"false" doc:"Bans in force that overlap it, newest first, at most 100."`
}

// View returns the preview as it is at the given time of the database's clock.
func (p BanPreview) View(now time.Time) BanPreviewView {
	players := append([]SeenPlayer{}, p.Players...)
	for i, seen := range players {
		players[i].Servers = append([]string{}, seen.Servers...)
	}
	return BanPreviewView{IP: p.Target.IP(), Count: p.Count, Online: p.Online, Players: players, Bans: ViewBans(p.Bans, now)}
}
