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
type primaries struct {
	mu      sync.Mutex
	newest  timeline
	address string // of the server on it, which is tried first
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
func (p *primaries) watch(c *pgx.ConnConfig) {
	asked := c.ValidateConnect
	c.ValidateConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		if asked != nil {
			if err := asked(ctx, conn); err != nil {
				return err
			}
		}
		return p.validate(ctx, conn)
	}
}

// askServer is answered by every login, and needs no schema.
const askServer = `
	select system_identifier, case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8) end
	from pg_control_system()`

// timelineKey is where a connection keeps its timeline.
const timelineKey = "timeline"

func (p *primaries) validate(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, askServer).ReadAll()
	if err != nil {
		return fmt.Errorf("ask the server for its timeline: %w", err)
	}
	if len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) != 2 {
		return errors.New("the server does not tell its timeline")
	}
	system, number := string(results[0].Rows[0][0]), string(results[0].Rows[0][1])
	if number == "" {
		return changefeed.ErrStandby
	}
	here, err := readTimeline(system, number)
	if err != nil {
		return err
	}
	conn.CustomData()[timelineKey] = here
	return p.admit(here, conn.Conn().RemoteAddr().String())
}

// admitEpoch is admit for a server that is polled; see the statement for the parts of an epoch.
func (p *primaries) admitEpoch(epoch changefeed.Epoch, conn *pgconn.PgConn) error {
	parts := strings.Split(string(epoch), "/")
	const system, number = 0, 2
	if len(parts) <= number {
		return errors.New("the server does not tell its timeline")
	}
	here, err := readTimeline(parts[system], parts[number])
	if err != nil {
		return err
	}
	return p.admit(here, conn.Conn().RemoteAddr().String())
}

func readTimeline(system, number string) (timeline, error) {
	parsed, err := strconv.ParseUint(number, 16, 32)
	if err != nil {
		return timeline{}, fmt.Errorf("read the server's timeline: %w", err)
	}
	return timeline{system: system, number: parsed}, nil
}

// admit refuses a server whose place was taken, and remembers the one that has it.
func (p *primaries) admit(here timeline, address string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if here.olderThan(p.newest) {
		return fmt.Errorf("%w: it is on timeline %d, and one on timeline %d has been seen",
			changefeed.ErrReplaced, here.number, p.newest.number)
	}
	p.newest, p.address = here, address
	return nil
}

// admitsStill reports whether the server of a connection is still the primary as far as is
// known.
func (p *primaries) admitsStill(conn *pgconn.PgConn) bool {
	here, _ := conn.CustomData()[timelineKey].(timeline)
	p.mu.Lock()
	defer p.mu.Unlock()
	return !here.olderThan(p.newest)
}

// refusal leaves out what the driver says of a server that is refused, if no other was tried.
func refusal(err error, c *pgx.ConnConfig) error {
	isOther := func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port }
	for _, reason := range []error{changefeed.ErrStandby, changefeed.ErrReplaced} {
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
