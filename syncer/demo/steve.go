package demo

import (
	"context"
	"strings"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
)

// The documents' example player.
const (
	steve     = syncer.PlayerID("steve")
	steveName = "Steve"
	steveIP   = "192.0.2.7"
)

// welcomeSteve makes Steve a newcomer whom nobody knows anything about, and lets
// him join the given servers.
func (s *Stage) welcomeSteve(ctx context.Context, servers ...*GameServer) error {
	if err := s.Psql.Run(ctx, "delete from player where uuid = 'steve'"); err != nil {
		return err
	}
	if err := s.Psql.Run(ctx, "insert into player (uuid, name) values ('steve', 'Steve')"); err != nil {
		return err
	}
	for _, server := range servers {
		if _, err := server.Join(ctx, steve, steveName, steveIP); err != nil {
			return err
		}
	}
	return nil
}

// dismissSteve lets Steve leave both servers.
func (s *Stage) dismissSteve(ctx context.Context) error {
	for _, server := range s.GameServers() {
		record, _, err := server.Player(ctx, steve)
		if err != nil {
			return err
		}
		if err := server.Leave(ctx, record); err != nil {
			return err
		}
	}
	return nil
}

// steveWhose matches an event that shows a state of Steve.
func steveWhose(matches func(wire.Record) bool) func(Event) bool {
	return func(e Event) bool {
		return e.Type == changefeed.EventPlayer && e.Player.UUID == steve && e.Player.Player != nil &&
			matches(*e.Player.Player)
	}
}

// steveRanked matches an event that shows Steve with a rank.
func steveRanked(rank string) func(Event) bool {
	return steveWhose(func(r wire.Record) bool { return r.Rank == rank })
}

// flagsOf names the flags of a record.
func flagsOf(r wire.Record) string {
	if len(r.Flags) == 0 {
		return "no flags"
	}
	return strings.Join(r.Flags, ", ")
}

// rankAndFlags is how a record reads in the story.
func rankAndFlags(r wire.Record) string { return "rank " + r.Rank + ", " + flagsOf(r) }

// checkBothHold verifies what both servers hold of Steve, without asking the
// database.
func (s *Stage) checkBothHold(ctx context.Context, claim string, want string, show func(wire.Record) string) error {
	for _, server := range s.GameServers() {
		record, source, err := server.Player(ctx, steve)
		if err != nil {
			return err
		}
		s.Check(server.Name+" "+claim, show(record)+", from "+source, want+", from memory")
	}
	return nil
}
