package syncer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Session is a player's stay on one game server. A player may be on several at
// once. Its JSON names are the columns of the table session.
type Session struct {
	Server   string   `json:"server"` // name of the game server
	ID       PlayerID `json:"uuid"`
	Name     string   `json:"name"`     // at the join, colour tags included
	Gamemode string   `json:"gamemode"` // the one joined
	Since    Time     `json:"since"`
}

// LastSeen says when a player was last on a server.
type LastSeen struct {
	Server string
	At     Time
}

// OnlineCount is how many players are on one server.
type OnlineCount struct {
	Server   string
	Gamemode string // of the player who came last; the others' may differ
	Players  int
}

// ServerOverview is a game server as the whole network knows it.
type ServerOverview struct {
	GameServer
	Version string // of its sidecar
	Alive   bool   // its sidecar renews its lease
	Since   Time   // since when it does without a break; none: it does not
	Players int
	// Contested says that two sidecars have spoken for it in the last minute.
	Contested bool
}

// SessionEdit says who came to the game servers of one sidecar and who left.
type SessionEdit struct {
	Arrived  []Session
	Departed []Session // only server and player matter
	Complete []string  // servers on which there is nobody but those arrived
}

// IsZero reports whether there is nothing to store.
func (e SessionEdit) IsZero() bool {
	return len(e.Arrived) == 0 && len(e.Departed) == 0 && len(e.Complete) == 0
}

// Lease asks that a run of a sidecar keeps its game servers.
type Lease struct {
	Run     [16]byte // drawn at the start of the process
	Servers []string
	Claimed []string // those of Servers to take over from whoever has them
	Lasts   time.Duration
}

// HeldLease is a lease that a run has.
type HeldLease struct {
	Sessions  string // [SessionDigest] of those stored
	Contested bool   // another run asked for the server within the time that a lease lasts
}

// SessionDigest returns what tells the sessions of one server from others: the
// SHA-256, in hexadecimal, of a line for each in the order of their ids, as the SQL
// function server_lease_renew makes it.
func SessionDigest(sessions []Session) string {
	byID := func(a, b Session) int { return strings.Compare(string(a.ID), string(b.ID)) }
	sorted := slices.SortedFunc(slices.Values(sessions), byID)
	lines := make([]string, len(sorted))
	for i, s := range sorted {
		since, _ := s.Since.Millis()
		lines[i] = fmt.Sprintf("%s\t%s\t%s\t%d", s.ID, s.Name, s.Gamemode, since)
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}
