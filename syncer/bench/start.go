package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// insertBans fills the table of bans with players, addresses and ranges.
const insertBans = `
insert into ban (uuid, reason)
select encode(decode(md5(n::text), 'hex'), 'base64'), 'griefing'
from generate_series(1, %[1]d * 6 / 10) as n;
insert into ban (ip, reason)
select ('10.0.0.0'::inet + n), 'bots'
from generate_series(1, %[1]d * 3 / 10) as n;
insert into ban (ip, reason)
select network(set_masklen('11.0.0.0'::inet + n * 256::bigint, 24)), 'bots'
from generate_series(1, %[1]d / 10) as n;
analyze ban;`

// copyBans reads what a sidecar keeps of each open ban, and nothing else.
const copyBans = `
copy (select uuid, ip, expires_at, revision from ban where lifted_at is null)
to stdout (format binary)`

// Start measures how long a sidecar takes to be ready on a database with a number
// of open bans, connecting included, beside a COPY of the same rows that nobody
// keeps. No other sidecar follows the database: each would load the bans as well, at
// the same time.
func Start(ctx context.Context, config Config, bans int) (report Report, err error) {
	r, err := newRig(ctx, config, 2, 0)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	config.Progress(0.1, "inserting bans")
	if err := execute(ctx, r.made.ours, fmt.Sprintf(insertBans, bans)); err != nil {
		return Report{}, fmt.Errorf("insert bans: %w", err)
	}
	config.Progress(0.6, "starting sidecars")
	figures, err := inTurn(ctx, config.Duration,
		func(ctx context.Context) (float64, error) { return r.ready(ctx, config, bans) },
		func(ctx context.Context) (float64, error) { return copied(ctx, r.made.ours) },
	)
	if err != nil {
		return Report{}, err
	}
	report = newReport(r.version)
	report.add(Measurement{
		Figure: fmt.Sprintf("start to ready, %d bans", bans), Unit: "ms", Ours: figures[0],
		Rival: "COPY of the same rows", Theirs: figures[1], Goal: Goal{MaxRatio: 1.5},
	})
	return report, nil
}

// ready starts a sidecar and returns the milliseconds until it holds every ban.
func (r *rig) ready(ctx context.Context, config Config, bans int) (float64, error) {
	c, err := newFollower(r.ours, "", &finish{}, config.Log)
	if err != nil {
		return 0, err
	}
	running, stop := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer func() { stop(); following.Wait() }()
	began := time.Now()
	c.run(running, &following)
	select {
	case <-c.feed.Ready():
	case <-ctx.Done():
		return 0, fmt.Errorf("start sidecar: %w", context.Cause(ctx))
	}
	took := time.Since(began)
	if held := c.bans.Len(); held.IDs+held.Addresses+held.Ranges != bans {
		return 0, fmt.Errorf("start sidecar: it holds %+v of %d bans", held, bans)
	}
	return milliseconds(took), nil
}

// copied returns the milliseconds that connecting and a COPY take.
func copied(ctx context.Context, url string) (float64, error) {
	began := time.Now()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.PgConn().CopyTo(ctx, io.Discard, copyBans); err != nil {
		return 0, fmt.Errorf("copy bans: %w", err)
	}
	return milliseconds(time.Since(began)), nil
}
