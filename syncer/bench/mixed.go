package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// errTooMany says that operations came faster than they were done.
var errTooMany = errors.New("operations come faster than they are done")

// MixedConfig says how large the network of [Mixed] is.
type MixedConfig struct {
	Sidecars int
	Players  int // of all servers
	Accounts int // of each of ten branches of the rival
}

// Mixed measures how many operations of an ordinary hour a second carries, joins, leaves, ranks,
// purchases, bans and player counts, before p99 exceeds 50 ms: with one sidecar and with
// several, beside transactions like those of TPC-B over as many connections.
func Mixed(ctx context.Context, config Config, size MixedConfig) (Report, error) {
	return withScratch(ctx, config, 2*size.Sidecars*perSidecar, func(made *scratch) (Report, error) {
		return mixed(ctx, config, made, size)
	})
}

func mixed(ctx context.Context, config Config, made *scratch, size MixedConfig) (Report, error) {
	if err := addMore(ctx, made.ours, 1, size.Players); err != nil {
		return Report{}, err
	}
	report := newReport("")
	one, err := mixedKnee(ctx, config, made, 1, size.Players, &report)
	if err != nil {
		return Report{}, err
	}
	several, err := mixedKnee(ctx, config, made, size.Sidecars, size.Players, &report)
	if err != nil {
		return Report{}, err
	}
	banks, err := bankKnee(ctx, config, made, size, &report)
	if err != nil {
		return Report{}, err
	}
	const rival = "TPC-B-like transactions"
	report.add(Measurement{Figure: "operations of one sidecar", Unit: "/s", Ours: one, Rival: rival, Theirs: banks})
	report.add(Measurement{
		Figure: fmt.Sprintf("operations of %d sidecars", size.Sidecars), Unit: "/s", Ours: several, Rival: rival,
		Theirs: banks,
	})
	return report, nil
}

// stepsOfKnee is about how many steps lead to a knee.
const stepsOfKnee = 10

// addKnee finds a knee and reports p99 by rate.
func (r *Report) addKnee(
	ctx context.Context, config Config, line string, do func(ctx context.Context, n int) error,
) (float64, error) {
	lasts, operations := config.Duration/stepsOfKnee, 0
	if _, err := atRate(ctx, firstRate, lasts, &operations, do); err != nil { // opens connections
		return 0, fmt.Errorf("%s: %w", line, err)
	}
	best, points, err := knee(ctx, lasts, operations, do)
	r.Series = append(r.Series, Series{
		Figure: "p99 by rate", Line: line, Of: "operations a second", Unit: "ms", Points: points,
	})
	if err != nil {
		config.Log.Info("the rate is too high", "of", line, "error", err)
	}
	return best, ctx.Err()
}

// mixedKnee finds the knee of a number of sidecars.
func mixedKnee(
	ctx context.Context, config Config, made *scratch, sidecars, players int, report *Report,
) (best float64, err error) {
	line := fmt.Sprintf("%d sidecars", sidecars)
	if sidecars == 1 {
		line = "1 sidecar"
	}
	config.Progress(0.2, "raising the rate of "+line)
	n, err := startNetwork(ctx, config, made.ours, sidecars)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	return report.addKnee(ctx, config, line, func(ctx context.Context, op int) error {
		return n.operate(ctx, op, players)
	})
}

// operate does one operation of an ordinary hour: of a hundred, 30 joins and leaves, 20
// purchases, 9 player counts, 5 ranks, 2 bans and as many unbans, and 2 searches.
func (n *network) operate(ctx context.Context, op, players int) error {
	const stride = 7919 // a prime: neighbours in time are different players
	id := grownID(op*stride%players + 1)
	banned := fmt.Sprintf("banned%d", op/100)
	switch kind := op % 100; {
	case kind < 60 && kind%2 == 0:
		return n.join(ctx, op/2, id)
	case kind < 60:
		left := grownID((op-1)*stride%players + 1)
		return n.ask(ctx, op/2, http.MethodPost, playerPath(left)+"/leave",
			fmt.Sprintf(`{"stats": {"blocksBroken": %d}}`, 12345+op))
	case kind < 80:
		return n.ask(ctx, op, http.MethodPost, playerPath(id)+"/balances/coins",
			fmt.Sprintf(`{"change": -1, "key": "%d-%d", "reason": "bought a sword"}`, time.Now().UnixNano(), op))
	case kind < 89:
		return n.ask(ctx, op, http.MethodPost, "/v1/player-counts", `{"players": 17}`)
	case kind < 94:
		return n.ask(ctx, op, http.MethodPatch, playerPath(id), fmt.Sprintf(`{"rank": "rank %d"}`, op))
	case kind < 96:
		return n.ask(ctx, op, http.MethodPost, "/v1/bans", fmt.Sprintf(`{"uuid": "%s-%d"}`, banned, kind))
	case kind < 98:
		return n.ask(ctx, op, http.MethodPost, "/v1/bans/check", fmt.Sprintf(`{"uuid": "%s-%d"}`, banned, kind-2))
	default:
		return n.ask(ctx, op, http.MethodGet, "/v1/players?name=c4ca4238", "")
	}
}

// branches is how many branches the rival's bank has.
const branches = 10

// layBank makes the tables of TPC-B.
const layBank = `
create table if not exists branch (id int primary key, balance bigint not null default 0);
create table if not exists teller (id int primary key, balance bigint not null default 0);
create table if not exists account (id int primary key, balance bigint not null default 0, filler text);
create table if not exists receipt (teller int, branch int, account int, delta int, at timestamptz default now());
insert into branch select n from generate_series(1, %[1]d) as n on conflict do nothing;
insert into teller select n from generate_series(1, %[1]d * 10) as n on conflict do nothing;
insert into account (id, filler)
select n, repeat(' ', 84) from generate_series(1, %[1]d * %[2]d) as n
on conflict do nothing;
analyze;`

// bankKnee finds the knee of transactions like those of TPC-B.
func bankKnee(ctx context.Context, config Config, made *scratch, size MixedConfig, report *Report) (float64, error) {
	config.Progress(0.7, "raising the rate of TPC-B-like transactions")
	if err := execute(ctx, made.bare, fmt.Sprintf(layBank, branches, size.Accounts)); err != nil {
		return 0, fmt.Errorf("make the bank: %w", err)
	}
	settings, err := pgxpool.ParseConfig(made.bare)
	if err != nil {
		return 0, errors.New("parse scratch url: it is malformed")
	}
	settings.MaxConns = int32(size.Sidecars * (perSidecar - 1)) //nolint:gosec // a few hundred
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return 0, fmt.Errorf("open the bank's pool: %w", err)
	}
	defer pool.Close()
	return report.addKnee(ctx, config, "TPC-B-like", func(ctx context.Context, n int) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return bank(ctx, tx, n, size.Accounts) })
	})
}

// bank is one transaction of TPC-B.
func bank(ctx context.Context, tx pgx.Tx, n, accounts int) error {
	const stride = 7919
	account, teller := n*stride%(branches*accounts)+1, n*stride%(10*branches)+1
	branch, delta := (teller-1)/10+1, n%9999-5000
	var balance int64
	if _, err := tx.Exec(ctx, `update account set balance = balance + $1 where id = $2`, delta, account); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, `select balance from account where id = $1`, account).Scan(&balance); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update teller set balance = balance + $1 where id = $2`, delta, teller); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update branch set balance = balance + $1 where id = $2`, delta, branch); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `insert into receipt (teller, branch, account, delta) values ($1, $2, $3, $4)`,
		teller, branch, account, delta)
	return err
}
