package store_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"playersync/syncer"
)

// fillAudit adds the changes of a year, one each ten minutes, to a thousand players
// and bans.
const fillAudit = `
insert into audit (at, entity, uuid, ip, ban, field, old, new, changed_by, server, role)
select
    now() - i * interval '10 min', case when i % 2 = 0 then 'player' else 'ban' end,
    case when i % 4 < 3 then 'p' || i % 1000 end,
    case when i % 4 = 3 then '10.0.0.0'::inet + i % 1000 end, case when i % 2 = 1 then i end,
    case when i % 2 = 0 then 'rank' else 'reason' end, '"x"', '"y"',
    case when i % 3 = 0 then 'staff ' || i % 100 end, 'server ' || i % 10, 'app'
from generate_series(50000, 1, -1) as i;
analyze audit`

func TestAuditQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	conn, address := database(t)
	simple(t, conn, fillAudit)
	ago := func(d time.Duration) syncer.Time { return syncer.TimeOf(time.Now().Add(-d)) }
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		s, explained := openExplained(t, address, mode)
		list := func(filter syncer.AuditFilter, before int64) func(context.Context) error {
			return func(ctx context.Context) error { _, err := s.ListAudit(ctx, filter, before, 50); return err }
		}
		run(t, conn, `insert into player (uuid) values ('a') on conflict (uuid) do update set rank = 'player'`)
		run(t, conn, `update player set rank = 'mod' where uuid = 'a'`)
		for name, ask := range map[string]func(context.Context) error{
			"first page":  list(syncer.AuditFilter{}, 1<<62),
			"later page":  list(syncer.AuditFilter{}, 100),
			"of a player": list(syncer.AuditFilter{ID: "p8"}, 1<<62),
			"of nobody":   list(syncer.AuditFilter{ID: "nobody"}, 1<<62),
			"of a range":  list(syncer.AuditFilter{Prefix: netip.MustParsePrefix("10.0.0.8/30")}, 1<<62),
			"by staff":    list(syncer.AuditFilter{By: "staff 9"}, 1<<62),
			"by nobody":   list(syncer.AuditFilter{By: "nobody"}, 1<<62),
			"on a server": list(syncer.AuditFilter{Server: "server 7"}, 1<<62),
			"of a field":  list(syncer.AuditFilter{Field: "reason"}, 1<<62),
			"lately":      list(syncer.AuditFilter{Since: ago(time.Hour), Field: "lift"}, 1<<62),
			"long ago":    list(syncer.AuditFilter{Until: ago(300 * 24 * time.Hour)}, 1<<62),
			"of a day": list(syncer.AuditFilter{
				Since: ago(101 * 24 * time.Hour), Until: ago(100 * 24 * time.Hour), Field: "lift",
			}, 1<<62),
			"revert": func(ctx context.Context) error {
				last := value[int64](t, conn, `select max(id) from audit where entity = 'player'`)
				_, _, _, err := s.RevertAudit(ctx, last, "", "")
				return err
			},
			"prune": func(ctx context.Context) error { _, err := s.PruneAudit(ctx, 346*24*time.Hour); return err },
		} {
			explained.take(t)
			if err := ask(context.Background()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			seen := false
			for _, scan := range explained.take(t) {
				seen = seen || scan.relation == "audit"
				if scan.relation == "audit" && (scan.kind == "Seq Scan" || scan.rows > 2000) {
					t.Errorf("%s, %s looks at %v rows by %s:\n%s", name, mode, scan.rows, scan.kind, scan.query)
				}
			}
			if !seen {
				t.Errorf("%s, %s does not read the audit", name, mode)
			}
		}
	}
}
