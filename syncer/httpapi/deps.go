package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playersync/syncer"
	"playersync/syncer/events"
	"playersync/syncer/merge"
	"playersync/syncer/sidecar"
)

// Players is what the API needs of the use-cases about players;
// *sidecar.Sidecar is one. Values it returns are shared and not changed here.
type Players interface {
	Join(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, request sidecar.JoinRequest) (sidecar.JoinResult, error)
	Player(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) (merge.View, sidecar.Source, error)
	Patch(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, patch sidecar.Patch, ifMatch *int64) (merge.View, error)
	Leave(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save) error
	View(from syncer.GameServer, player *syncer.Player) merge.View
	History(ctx context.Context, id syncer.PlayerID) ([]syncer.HistoryEntry, sidecar.Source, error)
	Search(ctx context.Context, name string, page sidecar.Page) (players []syncer.PlayerSummary, next string, err error)

	Staleness() time.Duration // since memory was last known to equal the database
	Now() time.Time           // by the database's clock
	Home() syncer.GameServer  // who asks when a request does not say
}

// Bans is what the API needs of the use-cases about bans; *sidecar.Sidecar is one.
type Bans interface {
	AddBan(ctx context.Context, request syncer.NewBan) (ban syncer.Ban, created bool, err error)
	CheckBans(ctx context.Context, id syncer.PlayerID, address netip.Addr) ([]syncer.Ban, error)
	LiftBan(ctx context.Context, target syncer.Target, by, reason string) (ban syncer.Ban, lifted bool, err error)
	ListBans(ctx context.Context, filter syncer.BanFilter, page sidecar.Page) (bans []syncer.Ban, next string, err error)
}

// Chat is what the API needs of the staff chat; *sidecar.Chat is one.
type Chat interface {
	Send(ctx context.Context, m syncer.StaffMessage, forward bool) (syncer.StaffMessage, error)
	Messages(ctx context.Context, after int64, size int) ([]syncer.StaffMessage, error)
}

// Deps are the parts the API is built from. All are required except Mounts.
type Deps struct {
	Players     Players
	Presence    Presence
	Transients  Transients
	Bans        Bans
	Audit       Audit
	Chat        Chat
	USIDs       USIDs
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

	// Mounts are further handlers by pattern, e.g. "/api/". They are inside the
	// network check, the panic guard and the metrics, but outside the token.
	Mounts map[string]http.Handler

	Registry *prometheus.Registry // receives the API's metrics and is served at /metrics
	Log      *slog.Logger
	Version  string // of the program, shown in the OpenAPI document
}
