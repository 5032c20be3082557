package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer"
)

// RenewLeases renews the leases of a run, takes over those that it claims and
// removes those of others that have run out, with their sessions. It returns those that
// the run has, by server. A server that is missing has another run, which lives.
func (s *Store) RenewLeases(ctx context.Context, lease syncer.Lease) (map[string]syncer.HeldLease, error) {
	rows, err := s.queries.RenewLeases(ctx, db.RenewLeasesParams{
		Run: runOf(lease.Run), Servers: lease.Servers, Claimed: append([]string{}, lease.Claimed...),
		Lasts: pgtype.Interval{Microseconds: lease.Lasts.Microseconds(), Valid: true},
	})
	if err != nil {
		return nil, writeError("renew leases", err)
	}
	held := make(map[string]syncer.HeldLease, len(rows))
	for _, row := range rows {
		held[row.Server] = syncer.HeldLease{Sessions: row.Sessions, Contested: row.Contested}
	}
	return held, nil
}

// ReleaseLeases ends all leases of a run, and with them its sessions.
func (s *Store) ReleaseLeases(ctx context.Context, run [16]byte) error {
	return writeError("release leases", s.queries.ReleaseLeases(ctx, runOf(run)))
}

// SyncSessions stores who came to a run's servers and who left. On a server whose
// lease the run does not have it stores nothing. The same again changes nothing.
func (s *Store) SyncSessions(ctx context.Context, run [16]byte, edit syncer.SessionEdit) error {
	arrived, err := json.Marshal(append([]syncer.Session{}, edit.Arrived...))
	if err != nil {
		return fmt.Errorf("encode sessions: %w", err)
	}
	departed, err := json.Marshal(append([]syncer.Session{}, edit.Departed...))
	if err != nil {
		return fmt.Errorf("encode sessions: %w", err)
	}
	return writeError("store sessions", s.queries.SyncSessions(ctx, db.SyncSessionsParams{
		Run: runOf(run), Arrived: arrived, Departed: departed, Complete: append([]string{}, edit.Complete...),
	}))
}

// Online returns who is on a server, or with "" on any, by server and time.
func (s *Store) Online(ctx context.Context, server string) ([]syncer.Session, error) {
	rows, err := s.queries.Online(ctx, optional(server))
	sessions := make([]syncer.Session, len(rows))
	for i, row := range rows {
		sessions[i] = sessionOf(row)
	}
	return sessions, readError("read who is online", err)
}

// LastSeen returns when a player was last on each server, the latest first. What
// is still going on does not count.
func (s *Store) LastSeen(ctx context.Context, id syncer.PlayerID) ([]syncer.LastSeen, error) {
	rows, err := s.queries.LastSeen(ctx, string(id))
	seen := make([]syncer.LastSeen, len(rows))
	for i, row := range rows {
		seen[i] = syncer.LastSeen{Server: row.Server, At: timeOf(row.At)}
	}
	return seen, readError("read last seen", err)
}

func sessionOf(row db.OnlineRow) syncer.Session {
	return syncer.Session{
		Server:   row.Server,
		ID:       syncer.PlayerID(row.Uuid),
		Name:     row.Name,
		Gamemode: row.Gamemode,
		Since:    timeOf(row.Since),
	}
}

func runOf(run [16]byte) pgtype.UUID { return pgtype.UUID{Bytes: run, Valid: true} }
