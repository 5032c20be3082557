package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/postgres/pgtest"
)

// record is what every server must see alike of a player.
type record struct {
	Rank           string
	Flags          []string
	UnmuteTime     syncer.Time
	MuteReason     string
	UnmarkTime     syncer.Time
	Attributes     any
	Name           string
	OverrideName   *string
	Highlight      *string
	Rainbow        *struct{ Speed int }
	ChatStrictness string
	ShowRankPrefix bool
	Language       string
	Achievements   *string
	History        []syncer.HistoryEntry
	Revision       int64
	Balances       map[string]int64
}

// rowsSQL reads the rows the plain way, without the functions that sidecars use.
const rowsSQL = `
select uuid, jsonb_build_object(
    'rank', rank, 'flags', array(select f collate "C" from unnest(flags) as f order by 1),
    'unmuteTime', unmute_time, 'muteReason', mute_reason, 'unmarkTime', unmark_time, 'attributes', attributes,
    'name', name, 'overrideName', override_name, 'highlight', highlight,
    'rainbow', case when rainbow_speed is not null then jsonb_build_object('speed', rainbow_speed) end,
    'chatStrictness', chat_strictness, 'showRankPrefix', show_rank_prefix,
    'language', language, 'achievements', achievements,
    'history', coalesce((
        select jsonb_agg(jsonb_build_object('action', action, 'by', by, 'time', time)
            order by time, action collate "C", by collate "C")
        from (
            select action, by, time from player_history as h where h.uuid = p.uuid
            order by time desc, action collate "C" desc, by collate "C" desc limit 500
        ) as newest), '[]'),
    'balances', coalesce((select jsonb_object_agg(currency, amount) from balance as b where b.uuid = p.uuid), '{}'),
    'revision', revision)
from player as p
where uuid = any($1)`

// cast is everyone and everything that a test may have touched.
type cast struct {
	players []string
	ids     []string // that were ever banned
	ips     []string // addresses to ask about
}

// differences compares all that a node has in memory with the rows: every player of the
// cast, the whole ban set, and the verdict on each target ever used. It goes on to the next
// of these only if there is no difference in the one before.
func (n *node) differences(psql *pgx.Conn, c cast) error {
	if unsaved := n.unsaved(); unsaved != 0 {
		return fmt.Errorf("%d players are not saved yet", unsaved)
	}
	if err := n.comparePlayers(psql, c.players); err != nil {
		return err
	}
	if n.Daemon != nil { // another process shows its verdicts only
		if err := n.compareBans(psql); err != nil {
			return err
		}
	}
	return n.compareVerdicts(psql, c)
}

// unsaved is how many players the node has still to save.
func (n *node) unsaved() int {
	if n.Daemon != nil {
		return n.Unsaved()
	}
	return int(n.metric("playersync_unsaved_players"))
}

func (n *node) comparePlayers(psql *pgx.Conn, ids []string) error {
	rows, err := readRows(n.t, psql, ids)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		want, exists := rows[id]
		a := n.get(player(id))
		switch source := a.header.Get("Syncer-Source"); {
		case !exists && a.status != http.StatusNotFound:
			errs = append(errs, fmt.Errorf("player %s is gone, but answered: %d %s", id, a.status, a.body))
		case !exists:
		case a.status != http.StatusOK || source != "memory":
			errs = append(errs, fmt.Errorf("player %s: %d from %q: %s", id, a.status, source, a.body))
		default:
			var got record
			if err := json.Unmarshal(a.body, &got); err != nil {
				return err
			}
			balances := n.get(player(id) + "/balances")
			if err := json.Unmarshal(balances.body, &got); err != nil ||
				balances.header.Get("Syncer-Source") != "memory" {
				return fmt.Errorf("balances of player %s: %d %s: %w", id, balances.status, balances.body, err)
			}
			slices.Sort(got.Flags) // a set, in the order in which people typed it
			if difference := diff(want, got); difference != "" {
				errs = append(errs, fmt.Errorf("player %s: row -, memory +\n%s", id, difference))
			}
		}
	}
	return errors.Join(errs...)
}

// diff shows how values differ, "" if they do not.
func diff(want, got any) string {
	return cmp.Diff(want, got, cmp.Comparer(func(a, b syncer.Time) bool { return a == b }))
}

func readRows(t testing.TB, psql *pgx.Conn, ids []string) (map[string]record, error) {
	found := map[string]record{}
	rows, err := psql.Query(t.Context(), rowsSQL, ids)
	if err != nil {
		return nil, err
	}
	var id string
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &data}, func() error {
		var row record
		defer func() { found[id] = row }()
		return json.Unmarshal(data, &row)
	})
	return found, err
}

func (n *node) compareBans(psql *pgx.Conn) error {
	rows, err := psql.Query(n.t.Context(), `
		select coalesce(uuid, host(ip) || '/' || masklen(ip)) as target, to_jsonb(expires_at)
		from ban where lifted_at is null`)
	if err != nil {
		return err
	}
	want, got := map[string]syncer.Time{}, map[string]syncer.Time{}
	var target string
	var expires []byte
	_, err = pgx.ForEachRow(rows, []any{&target, &expires}, func() error {
		var t syncer.Time
		defer func() { want[target] = t }()
		if expires == nil {
			return nil
		}
		return json.Unmarshal(expires, &t)
	})
	if err != nil {
		return err
	}
	for ban := range n.ActiveBans() {
		name := string(ban.Target.ID)
		if name == "" {
			name = ban.Target.Prefix.String()
		}
		got[name] = ban.ExpiresAt
	}
	if difference := diff(want, got); difference != "" {
		return fmt.Errorf("bans: rows -, memory +\n%s", difference)
	}
	return nil
}

// verdictsSQL counts the bans in force that concern each id and each address.
const verdictsSQL = `
with active as (select * from ban where lifted_at is null and (expires_at is null or expires_at > now()))
select target, (select count(*) from active where uuid = target) from unnest($1::text[]) as target
union all
select target, (select count(*) from active where ip >>= target::inet) from unnest($2::text[]) as target`

// compareVerdicts asks whether each target may join.
func (n *node) compareVerdicts(psql *pgx.Conn, c cast) error {
	questions := map[string]string{}
	for _, id := range c.ids {
		questions[id] = fmt.Sprintf(`{"uuid": %q}`, id)
	}
	for _, ip := range c.ips {
		questions[ip] = fmt.Sprintf(`{"ip": %q}`, ip)
	}
	rows, err := psql.Query(n.t.Context(), verdictsSQL, c.ids, c.ips)
	if err != nil {
		return err
	}
	var target string
	var want int
	var errs []error
	_, err = pgx.ForEachRow(rows, []any{&target, &want}, func() error {
		a := n.must(http.MethodPost, "/v1/bans/check", questions[target])
		bans, _ := a.field("bans").([]any)
		if len(bans) != want || a.field("banned") != (want > 0) {
			errs = append(errs, fmt.Errorf("%s: %d bans in the rows, answered %s", target, want, a.body))
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// equal waits until no node differs from the rows.
func equal(t testing.TB, psql *pgx.Conn, c cast, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		pgtest.Eventually(t, waitTimeout, func() error {
			if err := n.differences(psql, c); err != nil {
				return fmt.Errorf("node %s: %w", n.name, err)
			}
			return nil
		})
	}
}
