package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"playersync/syncer/events"
)

// Deps are the parts the API is built from. All are required except Mounts.
type Deps struct {
	Servers     Servers
	Players     Players
	Presence    Presence
	Kicks       Kicks
	Mutes       Mutes
	Transients  Transients
	Bans        Bans
	Audit       Audit
	Chat        Chat
	USIDs       USIDs
	Patterns    Patterns
	Blacklist   Blacklist
	ModLog      ModLog
	Visits      Visits
	Counts      Counts
	BanDetails  BanDetails
	BanTransfer BanTransfer
	MapRuns     MapRuns
	Balances    Balances
	Events      *events.Broker

	// Ready returns why this process does not follow the database, one reason
	// each, or none when it does.
	Ready func() []string

	// Notices returns what is not as it should be although this process follows the
	// database.
	Notices func() []string

	// Mounts are further handlers by the beginning of their paths, e.g. "/api/". They are
	// inside the network check, the panic guard and the metrics, but outside the token.
	Mounts map[string]http.Handler

	Registry *prometheus.Registry // receives the API's metrics and is served at /metrics
	Log      *slog.Logger
	Version  string // of the program, shown in the OpenAPI document
}
