package store_test

import (
	"context"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// Who has a turn and keeps it holds the others up, but for no longer than a second each.
func TestATurnThatIsKeptIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s, address := open(t, store.Options{})
	keeper := psql(t, login(t, address, "in role playersync_app"))
	run(t, keeper, "begin")
	run(t, keeper, "select take_turn('staff_message')")
	_, _, err := s.SendStaffMessage(t.Context(), syncer.StaffMessage{Server: "pvp", Text: "x"})
	if syncer.CodeOf(err) != syncer.CodeUnavailable {
		t.Errorf("it says %v", err)
	}
	run(t, keeper, "rollback")
	if _, _, err := s.SendStaffMessage(t.Context(), syncer.StaffMessage{Server: "pvp", Text: "x"}); err != nil {
		t.Error(err)
	}
}

// Every login may take advisory locks. None of them holds up the network.
func TestReadOnlyLoginHoldsUpNothing(t *testing.T) {
	t.Parallel()
	admin, address := database(t)
	s, err := store.Open(context.Background(), login(t, address, "in role playersync_app"),
		store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	run(t, admin, "insert into ban (uuid) values ('crook')")
	simple(t, admin, "insert into player (uuid) values ('Steve'); insert into currency (name) values ('coins')")
	run(t, admin, "update change set at = at - interval '1 hour'")
	reader := psql(t, login(t, address, "in role playersync_readonly"))
	for _, name := range []string{"staff_message", "session", "blacklisted_address", "feed_prune", "ledger k"} {
		run(t, reader, "select pg_advisory_lock(hashtextextended('playersync "+name+"', 0))")
	}
	expectRefused(t, reader,
		"select from turn for update", "select from feed for update", "select take_turn('session')",
		"select from balance for share", "select from ledger for key share",
		"do $$ begin lock table balance in row share mode; end $$",
		"do $$ begin lock table ledger in share mode; end $$")

	ctx := context.Background()
	if _, _, err := s.SendStaffMessage(ctx, syncer.StaffMessage{Server: "pvp", Text: "x"}); err != nil {
		t.Errorf("staff chat: %v", err)
	}
	if _, err := s.AddBlacklisted(ctx, []string{"203.0.113.7"}, ""); err != nil {
		t.Errorf("blacklist: %v", err)
	}
	if err := s.SyncSessions(ctx, [16]byte{1}, syncer.SessionEdit{Complete: []string{"a"}}); err != nil {
		t.Errorf("presence: %v", err)
	}
	if _, _, err := s.MoveBalance(ctx, move("", "Steve", 1, "k")); err != nil {
		t.Errorf("payment: %v", err)
	}
	if err := follow(t, s).Prune(ctx, time.Minute); err != nil {
		t.Errorf("prune: %v", err)
	}
}
