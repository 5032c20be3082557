package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/store"
)

const (
	// setupTimeout bounds making and dropping the scratch databases.
	setupTimeout = 2 * time.Minute
	// setupPerSidecar is added for each that starts.
	setupPerSidecar = 100 * time.Millisecond

	scratchPlayers = 64
	bareChannel    = "playersync_bench"
)

// scratch are two databases with the same rows. In bare, the triggers of table
// player are replaced by one that only notifies.
type scratch struct {
	server     string // URL that the others were made through
	ours, bare string // URLs
	names      []string
	changes    int // made so far: no player gets a rank twice, which would be no change
}

// newScratch makes the databases through a URL whose login may create them. The
// migrations create the roles of playersync if the server does not have them;
// they stay.
func newScratch(ctx context.Context, server string) (*scratch, error) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	s := &scratch{server: server}
	suffix := strings.ToLower(rand.Text()[:8])
	for name, kept := range map[string]*string{
		"playersync_bench_" + suffix: &s.ours, "playersync_bare_" + suffix: &s.bare,
	} {
		address, err := withDatabase(server, name)
		if err != nil {
			return nil, err
		}
		*kept = address
		if err := execute(ctx, server, "create database "+pgx.Identifier{name}.Sanitize()); err != nil {
			return nil, errors.Join(fmt.Errorf("create scratch database: %w", err), s.drop())
		}
		s.names = append(s.names, name)
		if err := fill(ctx, address); err != nil {
			return nil, errors.Join(err, s.drop())
		}
	}
	if err := execute(ctx, s.bare, layBare); err != nil {
		return nil, errors.Join(fmt.Errorf("replace triggers: %w", err), s.drop())
	}
	return s, nil
}

// fill makes the schema and the players of one database.
func fill(ctx context.Context, address string) error {
	if err := store.Migrate(ctx, address); err != nil {
		return fmt.Errorf("prepare scratch database: %w", err)
	}
	if err := execute(ctx, address, fmt.Sprintf(addPlayers, scratchPlayers)); err != nil {
		return fmt.Errorf("fill scratch database: %w", err)
	}
	return nil
}

// addPlayers inserts players as they are after some time on a network.
const addPlayers = `
insert into player (uuid, name, rank, flags, attributes, language, gamemodes, addresses)
select 'bench' || n || '+AAAAAAAAAAAAAAAA==', '[accent]Player ' || n, 'player', '{member,trusted}',
    '{"shop": {"discount": 5}}', 'en',
    '{"pvp": {"firstJoined": 1700000000000, "lastJoined": 1750000000000,
        "stats": {"blocksBroken": 12345, "blocksPlaced": 23456, "timeInGame": 345678}}}',
    '{"127.0.0.1:6567": {"usid": "AAAAAAAAAAA="}}'
from generate_series(1, %d) as n;
insert into player_history (uuid, action, by, time)
select uuid, 'unmuted', 'Steve', '2024-05-06 07:08:09+00' from player;
analyze;`

// layBare leaves no trigger on player but one that notifies.
const layBare = `
do $$
declare
    name text;
begin
    for name in select tgname from pg_trigger where tgrelid = 'player'::regclass and not tgisinternal loop
        execute format('drop trigger %I on player', name);
    end loop;
end
$$;
create function notify_barely() returns trigger language plpgsql as $$
begin
    perform pg_notify('` + bareChannel + `', new.rank);
    return null;
end
$$;
create trigger notify_barely after update on player for each row execute function notify_barely();`

// playerID is the id of one of the players, counted round and round.
func playerID(n int) syncer.PlayerID {
	return syncer.PlayerID(fmt.Sprintf("bench%d+AAAAAAAAAAAAAAAA==", n%scratchPlayers+1))
}

// drop removes the databases and whatever is connected to them.
func (s *scratch) drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	var errs []error
	for _, name := range s.names {
		errs = append(errs, execute(ctx, s.server, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)"))
	}
	s.names = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("drop scratch databases: %w", err)
	}
	return nil
}

// execute runs statements on a connection of their own.
func execute(ctx context.Context, address, statements string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statements, pgx.QueryExecModeSimpleProtocol)
	return errors.Join(err, conn.Close(ctx))
}

// withDatabase returns a URL, or a string of key=value pairs, with another
// database in it.
func withDatabase(address, name string) (string, error) {
	if !strings.Contains(address, "://") {
		return address + " dbname=" + name, nil
	}
	parsed, err := url.Parse(address)
	if err != nil {
		// The cause would quote the password.
		return "", errors.New("parse database url: it is malformed, or has several hosts of IPv6; give one host")
	}
	parsed.Path = "/" + name
	query := parsed.Query()
	query.Del("dbname")
	query.Del("database")
	parsed.RawQuery = query.Encode()
	return parsed.String(), nil
}
