package demo

import (
	"context"
	"fmt"
	"time"

	"playersync/syncer/changefeed"
)

// playBans bans and unbans in psql and lets Steve try to join both servers.
func playBans(ctx context.Context, s *Stage) error {
	s.Say("Bans are rows too. The verdict on a join comes from the syncer's memory, and so does that after an unban: " +
		"Steve need not join twice to get in.")
	s.Blank()
	if err := s.welcomeSteve(ctx); err != nil {
		return err
	}
	if err := s.Announce(ctx, "insert into ban (uuid, reason) values ('steve', 'griefing')", "Steve is banned",
		steveBanned(true)); err != nil {
		return err
	}
	for _, server := range s.GameServers() {
		if err := s.tryJoin(ctx, server, steveIP, "refused, griefing"); err != nil {
			return err
		}
	}
	s.Blank()
	if err := s.Announce(ctx, "delete from ban where uuid = 'steve'", "Steve is not banned",
		steveBanned(false)); err != nil {
		return err
	}
	for _, server := range s.GameServers() {
		if err := s.tryJoin(ctx, server, steveIP, "let in"); err != nil {
			return err
		}
	}
	s.Blank()
	return s.playRange(ctx)
}

// playRange bans a range of addresses.
func (s *Stage) playRange(ctx context.Context) error {
	rangeBanned := func(banned bool) func(Event) bool {
		return func(e Event) bool {
			return e.Type == changefeed.EventBan && e.Ban.IP != nil && *e.Ban.IP == "203.0.113.0/24" &&
				e.Ban.Banned == banned
		}
	}
	if err := s.Announce(ctx, "insert into ban (ip, reason) values ('203.0.113.0/24', 'bots')", "the range is banned",
		rangeBanned(true)); err != nil {
		return err
	}
	if err := s.tryJoin(ctx, s.PvP, "203.0.113.99", "refused, bots"); err != nil {
		return err
	}
	if err := s.tryJoin(ctx, s.PvP, steveIP, "let in"); err != nil {
		return err
	}
	if err := s.Psql.Run(ctx, "delete from ban"); err != nil {
		return err
	}
	return s.dismissSteve(ctx)
}

// tryJoin lets Steve try to join once and verifies what he is told.
func (s *Stage) tryJoin(ctx context.Context, server *GameServer, ip, want string) error {
	began := time.Now()
	joined, err := server.Join(ctx, steve, steveName, ip)
	if err != nil {
		return err
	}
	took := time.Since(began)
	verdict := "let in"
	if joined.Ban != nil {
		verdict = "refused, " + joined.Ban.Reason
	}
	s.DidCheck(server.Name, fmt.Sprintf("Steve joins from %s: %s", ip, want), took, verdict, want)
	return nil
}

// steveBanned matches the event that tells of Steve's ban or its end.
func steveBanned(banned bool) func(Event) bool {
	return func(e Event) bool {
		return e.Type == changefeed.EventBan && e.Ban.UUID != nil && *e.Ban.UUID == steve && e.Ban.Banned == banned
	}
}
