package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer/changefeed"
)

// primaries keeps connections to the primary of a cluster, and away from a server that
// another has taken the place of: both may answer under their addresses and take writes. The
// server of the highest timeline counts, since each promotion begins one. Two servers
// promoted at the same time cannot be told apart by it. It is safe for concurrent use.
//
//	seen before                 server that answers               connection
//	nothing                     a standby                         refused, the next host is tried
//	nothing                     primary, timeline 1               used
//	timeline 1                  the promoted standby, timeline 2  used; those to timeline 1 are closed
//	timeline 2                  the old primary, timeline 1       refused, the next host is tried
//	timeline 2                  primary of another cluster        used
//
// What is in memory can be compared with what the server says that the feed follows, and with
// nothing else. So while the feed follows one, the pool uses no other, unless that has a newer
// timeline: then the feed goes there too. Others that the pool has used meanwhile are reported
// to the feed, which forgets what may have come from them.
type primaries struct {
	mu        sync.Mutex
	newest    timeline
	address   string          // of the server on it, which is tried first
	followed  instance        // that the feed has polled last; zero: none yet
	following bool            // its connection is open
	used      map[string]bool // processes that the pool has used since the last poll
}

// instance is a server from its start until it ends.
type instance struct {
	timeline
	process string // different for each start
}

func newInstance(system, number, started string) (instance, error) {
	parsed, err := strconv.ParseUint(number, 16, 32)
	if err != nil {
		return instance{}, fmt.Errorf("read the server's timeline: %w", err)
	}
	return instance{timeline{system: system, number: parsed}, system + " " + started}, nil
}

// timeline is one course of a cluster's history; a standby that is promoted begins the next.
type timeline struct {
	system string // identifier that initdb gave the cluster
	number uint64
}

// olderThan reports whether t is of the same cluster and was left for other.
func (t timeline) olderThan(other timeline) bool {
	return t.system == other.system && t.number < other.number
}

// watch lets the connections of a configuration be refused, after what target_session_attrs
// asks for.
func (p *primaries) watch(c *pgx.ConnConfig, admit func(here instance, address string) error) {
	asked := c.ValidateConnect
	c.ValidateConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		if asked != nil {
			if err := asked(ctx, conn); err != nil {
				return err
			}
		}
		here, err := instanceOf(ctx, conn)
		if err != nil {
			return err
		}
		conn.CustomData()[instanceKey] = here
		return admit(here, conn.Conn().RemoteAddr().String())
	}
}

// askServer is answered by every login, and needs no schema.
const askServer = `
	select
		system_identifier,
		case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8) end,
		extract(epoch from pg_postmaster_start_time())
	from pg_control_system()`

// instanceKey is where a connection keeps its server.
const instanceKey = "instance"

// instanceOf asks which server a connection leads to. A standby is an error.
func instanceOf(ctx context.Context, conn *pgconn.PgConn) (instance, error) {
	results, err := conn.Exec(ctx, askServer).ReadAll()
	if err != nil {
		return instance{}, fmt.Errorf("ask the server for its timeline: %w", err)
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) != 3 {
		return instance{}, errors.New("the server does not tell its timeline")
	}
	row := results[0].Rows[0]
	if len(row[1]) == 0 {
		return instance{}, changefeed.ErrStandby
	}
	return newInstance(string(row[0]), string(row[1]), string(row[2]))
}

// follow is admit for the server that the feed has polled; see the statement for the parts of
// an epoch. It reports whether the pool has used another one since the poll before.
func (p *primaries) follow(
	epoch changefeed.Epoch, started string, conn *pgconn.PgConn,
) (strayed bool, err error) {
	parts := strings.Split(string(epoch), "/")
	const system, number = 0, 2
	if len(parts) <= number {
		return false, errors.New("the server does not tell its timeline")
	}
	here, err := newInstance(parts[system], parts[number], started)
	if err == nil {
		err = p.admit(here, conn.Conn().RemoteAddr().String())
	}
	if err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.used, here.process)
	strayed = len(p.used) > 0
	p.followed, p.following, p.used = here, true, nil
	return strayed, nil
}

// lose says that the feed's connection has ended.
func (p *primaries) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.following = false
}

// admit refuses a server whose place was taken, and remembers the one that has it.
func (p *primaries) admit(here instance, address string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.take(here, address)
}

// admitForPool is admit for a connection of the pool: it refuses what the feed does not follow.
func (p *primaries) admitForPool(here instance, address string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isElsewhere(here) {
		return changefeed.ErrElsewhere
	}
	return p.take(here, address)
}

// isElsewhere reports whether the feed follows another server, and would not go to this one,
// nor was this one replaced. The caller holds p.mu.
func (p *primaries) isElsewhere(here instance) bool {
	return p.following && here.process != p.followed.process &&
		!p.followed.olderThan(here.timeline) && !here.olderThan(p.newest)
}

// take is admit for a caller that holds p.mu.
func (p *primaries) take(here instance, address string) error {
	if here.olderThan(p.newest) {
		return fmt.Errorf("%w: it is on timeline %d, and one on timeline %d has been seen",
			changefeed.ErrReplaced, here.number, p.newest.number)
	}
	p.newest, p.address = here.timeline, address
	return nil
}

// use reports whether a connection of the pool may be used: its server is still the primary as
// far as is known, and the feed follows no other.
func (p *primaries) use(conn *pgconn.PgConn) bool {
	here, _ := conn.CustomData()[instanceKey].(instance)
	p.mu.Lock()
	defer p.mu.Unlock()
	if here.olderThan(p.newest) || p.isElsewhere(here) {
		return false
	}
	if here.process != p.followed.process {
		if p.used == nil {
			p.used = map[string]bool{}
		}
		p.used[here.process] = true
	}
	return true
}

// refusal leaves out what the driver says of a server that is refused, if no other was tried.
func refusal(err error, c *pgx.ConnConfig) error {
	isOther := func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port }
	for _, reason := range []error{changefeed.ErrStandby, changefeed.ErrReplaced, changefeed.ErrElsewhere} {
		if errors.Is(err, reason) && !slices.ContainsFunc(c.Fallbacks, isOther) {
			return reason
		}
	}
	return err
}

// prefer lets a connection try the server that was the primary last before the others: one that
// is switched off costs a time-out.
func (p *primaries) prefer(ctx context.Context, c *pgx.ConnConfig) {
	p.mu.Lock()
	address := p.address
	p.mu.Unlock()
	if address == "" || len(c.Fallbacks) == 0 {
		return
	}
	hosts := append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	preferred := map[*pgconn.FallbackConfig]int{}
	for _, host := range hosts {
		if slices.Contains(addresses(ctx, c.LookupFunc, host), address) {
			preferred[host] = -1
		}
	}
	slices.SortStableFunc(hosts, func(a, b *pgconn.FallbackConfig) int { return preferred[a] - preferred[b] })
	c.Host, c.Port, c.TLSConfig, c.Fallbacks = hosts[0].Host, hosts[0].Port, hosts[0].TLSConfig, hosts[1:]
}

// addresses returns where a host may be; none if its name is not known at present.
func addresses(ctx context.Context, lookup pgconn.LookupFunc, host *pgconn.FallbackConfig) []string {
	if filepath.IsAbs(host.Host) {
		_, address := pgconn.NetworkAddress(host.Host, host.Port)
		return []string{address}
	}
	found, _ := lookup(ctx, host.Host) // connecting says what is wrong with it
	for i, ip := range found {
		found[i] = net.JoinHostPort(ip, strconv.Itoa(int(host.Port)))
	}
	return found
}
