package httpapi

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// BanPreview is whom a ban of an address or a range would keep out.
type BanPreview struct {
	IP      string       `json:"ip" doc:"The address or CIDR range."`
	Count   int64        `json:"count" doc:"How many players were seen from there."`
	Online  int64        `json:"online" doc:"How many of them are on a game server now, wherever they joined it from."`
	Players []SeenPlayer `json:"players" nullable:"false" doc:"Those seen last, the latest first."`
	Bans    []Ban        `json:"bans" nullable:"false" doc:"Bans in force that overlap it, newest first, at most 100."`
}

// SeenPlayer is a player who joined from there.
type SeenPlayer struct {
	UUID      syncer.PlayerID `json:"uuid" doc:"Player id."`
	Name      string          `json:"name" doc:"The current name."`
	Times     int64           `json:"times" doc:"How often the player joined from there."`
	LastSeen  syncer.Time     `json:"lastSeen" doc:"When last."`
	Addresses int64           `json:"addresses" doc:"From how many addresses there."`
	Latest    []string        `json:"latest" nullable:"false" doc:"The latest of them, at most 8."`
	Servers   []string        `json:"servers" nullable:"false" doc:"The game servers on which the player is now."`
}

func previewOf(s *Server, p syncer.BanPreview) BanPreview {
	out := BanPreview{
		IP: p.Target.IP(), Count: p.Count, Online: p.Online, Players: make([]SeenPlayer, len(p.Players)), Bans: syncer.ViewBans(p.Bans, s.deps.Players.Now()),
	}
	for i, seen := range p.Players {
		out.Players[i] = SeenPlayer{
			UUID: seen.ID, Name: seen.Name, Times: seen.Times, LastSeen: seen.LastSeen, Addresses: seen.Addresses, Latest: seen.Latest,
			Servers: append([]string{}, seen.Servers...),
		}
	}
	return out
}

// previewInput is what to preview.
type previewInput struct {
	target syncer.Target
	size   int
}

func (s *Server) previewOperation() operation[previewInput, plain[BanPreview]] {
	return operation[previewInput, plain[BanPreview]]{
		doc: document{
			method: http.MethodGet, path: "/v1/bans/preview", id: "preview-ban", tag: tagBans,
			summary:     "Ask whom a ban of a range would keep out",
			description: "The players who joined from an address or range before, as far as that is remembered, and where they are now. Nothing is banned.",
			parameters: append([]*huma.Param{
				queryParameter("ip", "Address or CIDR range.", textSchema("", "198.51.100.0/24", 64), true),
			}, pageParameters()[:1]...),
			replies:  []reply{{http.StatusOK, "The preview.", reflect.TypeFor[BanPreview](), examplePreview(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (in previewInput, err error) {
			q, err := parameters(c.r, "ip", "limit")
			if err != nil {
				return in, err
			}
			in.target.Prefix, err = syncer.ParsePrefix(q.values.Get("ip"))
			q.note("ip", err)
			in.size = q.page().Size
			return in, q.err()
		},
		handle: func(ctx context.Context, _ *call, in previewInput) (plain[BanPreview], error) {
			preview, err := s.deps.BanDetails.PreviewBan(ctx, in.target, in.size)
			return plain[BanPreview]{http.StatusOK, previewOf(s, preview)}, err
		},
	}
}

func examplePreview() BanPreview {
	seen, _ := syncer.ParseTime(exampleTime)
	player := SeenPlayer{UUID: exampleID, Name: "Steve", Times: 12, LastSeen: seen, Addresses: 1, Latest: []string{"198.51.100.7"}, Servers: []string{"survival-1"}}
	return BanPreview{IP: "198.51.100.0/24", Count: 1, Online: 1, Players: []SeenPlayer{player}, Bans: []Ban{exampleBan()}}
}
