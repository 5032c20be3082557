package demo

import (
	"context"

	"playersync/syncer/httpapi/wire"
)

// playPsql edits Steve's row by plain SQL.
func playPsql(ctx context.Context, s *Stage) error {
	s.Say("psql knows nothing of syncers: triggers on the tables tell them. Steve is on both servers. " +
		"Every time counts from the moment the statement is sent.")
	s.Blank()
	if err := s.welcomeSteve(ctx, s.GameServers()...); err != nil {
		return err
	}
	statements := []struct {
		sql   string
		news  string
		match func(Event) bool
	}{
		{"update player set rank = 'admin' where uuid = 'steve'", "rank admin", steveRanked("admin")},
		{
			"update player set flags = flags || '{member}' where uuid = 'steve'", "flag member",
			steveWhose(func(r wire.Record) bool { return flagsOf(r) == "member" }),
		},
		{
			"insert into player (uuid, rank) values ('steve', 'mod') on conflict (uuid) do update set rank = " +
				"excluded.rank",
			"rank mod",
			steveRanked("mod"),
		},
	}
	for _, statement := range statements {
		if err := s.Announce(ctx, statement.sql, statement.news, statement.match); err != nil {
			return err
		}
	}
	s.Blank()
	err := s.checkBothHold(ctx, "holds rank and flag as psql left them", "rank mod, member", rankAndFlags)
	if err != nil {
		return err
	}
	return s.dismissSteve(ctx)
}
