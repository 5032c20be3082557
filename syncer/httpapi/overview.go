package httpapi

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// overviewText opens the OpenAPI document.
const overviewText = `playersync keeps players and bans the same on every game server. This is the API of one sidecar.

Player ids are opaque text and must be percent-encoded in paths. Times are RFC 3339 in UTC with milliseconds,
null for none and "infinity" for ever.

Every refusal is problem details (RFC 9457) with a stable code: 400 where the body is no JSON or a header or parameter
is wrong, 422 where a field of the body or the id in the path is wrong. errors names each place.

What comes from memory is current to within milliseconds while the sidecar follows the database; Syncer-Staleness
tells how long ago it last knew so.`

// Document returns the OpenAPI document of the API, JSON. Version is the program's; with
// older the document is OpenAPI 3.0, else 3.1. With token it says that a token is needed,
// else that a server may want one.
func Document(version string, older, token bool) ([]byte, error) {
	s, err := New(Config{Listen: "127.0.0.1:0"}, Deps{Registry: prometheus.NewRegistry(), Version: version})
	if err != nil {
		return nil, err
	}
	document := s.document()
	document.Components.SecuritySchemes = bearer()
	document.Security = []map[string][]string{{"token": {}}}
	if !token {
		document.Security = append(document.Security, map[string][]string{})
	}
	if older {
		return s.openapi30()
	}
	return s.openapi()
}

// bearer is how a token is sent.
func bearer() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
}

// makeDocument registers all operations with huma, and returns what it makes of them.
func (s *Server) makeDocument() *huma.OpenAPI {
	for _, d := range s.declared {
		d.register()
	}
	document := s.api.OpenAPI()
	allowNull(document.Components.Schemas)
	return document
}

// overview configures huma: no routes of its own, no $schema in answers.
func (s *Server) overview() huma.Config {
	version := s.deps.Version
	if version == "" {
		version = "devel"
	}
	document := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "playersync", Version: version, Description: overviewText},
		Tags: []*huma.Tag{
			{Name: tagPlayers, Description: "Players: join, read, change, leave."},
			{Name: tagBans, Description: "Bans of player ids, addresses and ranges."},
			{Name: tagBalances, Description: "What players own: changed by differences, each with a ledger entry."},
			{Name: tagAudit, Description: "Who changed which important field or ban, and the way back."},
			{Name: tagStaff, Description: "What the staff of all servers share: the chat, the moderation log, " +
				"name patterns against bots, blacklisted addresses, and who was turned away."},
			{Name: tagInfo, Description: "What is known of players' visits: joins, kicks, names, addresses."},
			{Name: tagCounts, Description: "How many players there were."},
			{Name: tagMaps, Description: "Runs of maps: in progress, finished, and their statistics."},
			{Name: tagPresence, Description: "Game servers, and who is on which."},
			{Name: tagTransients, Description: "Values that a game server keeps until it restarts."},
			{Name: tagEvents, Description: "Changes as they happen."},
			{Name: tagState, Description: "The sidecar itself."},
		},
		Components: &huma.Components{Schemas: newRegistry()},
		Servers:    []*huma.Server{{URL: "/", Description: "The sidecar that serves this document."}},
		Security:   []map[string][]string{}, // none is asked for, which leaving it out would not say
	}
	if len(s.guard.tokens) > 0 {
		document.Components.SecuritySchemes = bearer()
		document.Security = []map[string][]string{{"token": {}}}
	}
	return huma.Config{OpenAPI: document}
}

// Tags of operations.
const (
	tagPlayers    = "players"
	tagBans       = "bans"
	tagBalances   = "balances"
	tagAudit      = "audit"
	tagStaff      = "staff"
	tagInfo       = "info"
	tagCounts     = "counts"
	tagMaps       = "maps"
	tagPresence   = "presence"
	tagTransients = "transients"
	tagEvents     = "events"
	tagState      = "state"
)
