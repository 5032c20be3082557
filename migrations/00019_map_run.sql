-- Runs of maps: the one in progress on each server, the finished ones, and their
-- statistics.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table map_run_current (
    server      text             not null,
    map         text collate "C" not null,
    gamemode    text collate "C" not null,
    session     text             not null,
    started_at  timestamptz      not null,
    reported_at timestamptz      not null,
    played_ms   bigint           not null default 0,
    players     integer          not null,
    max_players integer          not null,
    wave        integer,
    constraint map_run_current_pkey primary key (server),
    constraint map_run_current_server_form check (length(server) between 1 and 64 and server !~ '[[:cntrl:]]'),
    constraint map_run_current_map_form check (length(map) between 1 and 255 and map !~ '[[:cntrl:]]'),
    constraint map_run_current_gamemode_form check (length(gamemode) between 1 and 64 and gamemode !~ '[[:cntrl:]]'),
    constraint map_run_current_session_form check (length(session) between 1 and 64 and session !~ '[[:cntrl:]]'),
    constraint map_run_current_started_at_range check (
        started_at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint map_run_current_reported_at_range check (
        reported_at between started_at and '9999-12-31 23:59:59.999+00'
    ),
    constraint map_run_current_played_ms_range check (played_ms between 0 and 1000000000000),
    constraint map_run_current_players_range check (players between 0 and 1000000),
    constraint map_run_current_max_players_range check (max_players between players and 1000000),
    constraint map_run_current_wave_range check (wave between 0 and 1000000000)
);
comment on table map_run_current is
    'The map that each server runs now, as its game last reported. '
    'DELETE gives the run up: the next report begins another';
comment on column map_run_current.server is 'Name of the game server';
comment on column map_run_current.map is 'The map''s file';
comment on column map_run_current.gamemode is 'The server''s gamemode';
comment on column map_run_current.session is
    'Drawn by the game when it starts. A report of another session '
    'than the one before says that the game was down in between';
comment on column map_run_current.started_at is 'When the run was first reported';
comment on column map_run_current.reported_at is 'When it was last reported';
comment on column map_run_current.played_ms is
    'Milliseconds played until reported_at; the time that the game was down is not in it';
comment on column map_run_current.players is 'Players at the last report';
comment on column map_run_current.max_players is 'The most players ever reported of this run';
comment on column map_run_current.wave is 'Wave at the last report that had one; NULL: none had';

create table map_run (
    id          bigint           generated always as identity,
    key         uuid             not null default gen_random_uuid(),
    server      text             not null,
    map         text collate "C" not null,
    gamemode    text collate "C" not null,
    winner      text collate "C" not null,
    success     boolean          not null,
    started_at  timestamptz      not null,
    ended_at    timestamptz      not null,
    played_ms   bigint           not null,
    max_players integer          not null,
    wave        integer,
    constraint map_run_pkey primary key (id),
    constraint map_run_key_key unique (key),
    constraint map_run_server_form check (length(server) between 1 and 64 and server !~ '[[:cntrl:]]'),
    constraint map_run_map_form check (length(map) between 1 and 255 and map !~ '[[:cntrl:]]'),
    constraint map_run_gamemode_form check (length(gamemode) between 1 and 64 and gamemode !~ '[[:cntrl:]]'),
    constraint map_run_winner_form check (length(winner) between 1 and 64 and winner !~ '[[:cntrl:]]'),
    constraint map_run_started_at_range check (
        started_at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint map_run_ended_at_range check (ended_at between started_at and '9999-12-31 23:59:59.999+00'),
    constraint map_run_played_ms_range check (played_ms between 0 and 1000000000000),
    constraint map_run_max_players_range check (max_players between 0 and 1000000),
    constraint map_run_wave_range check (wave between 0 and 1000000000)
);
create index map_run_statistics_idx on map_run (map, gamemode)
    include (winner, success, played_ms, max_players, wave, ended_at) where max_players > 0;
create index map_run_map_idx on map_run (map, id);
create index map_run_server_idx on map_run (server, id);
comment on table map_run is 'Finished runs of maps, kept until somebody deletes them. map_stats sums them up';
comment on column map_run.id is 'Number; higher: stored later';
comment on column map_run.key is 'Drawn by whoever reports the end: an end that is sent again is recognised';
comment on column map_run.server is 'Name of the game server';
comment on column map_run.map is 'The map''s file';
comment on column map_run.gamemode is 'The server''s gamemode; pvp has its own rule for outcomes';
comment on column map_run.winner is 'The team that won; derelict: nobody';
comment on column map_run.success is 'Whether the players reached the goal; without meaning in pvp';
comment on column map_run.started_at is 'When it was first reported';
comment on column map_run.ended_at is 'When its end was reported';
comment on column map_run.played_ms is 'Milliseconds from start to end, without the time that the game was down';
comment on column map_run.max_players is 'The most players at a time; a run that had none does not count in map_stats';
comment on column map_run.wave is 'The last wave; NULL: the game has none';
comment on index map_run_statistics_idx is 'All that map_stats reads, so that it never touches the table';

-- +goose StatementBegin
create function map_run_outcome(gamemode text, winner text, success boolean, played_ms bigint) returns text
language sql immutable parallel safe
as $$
    select case
        when gamemode = 'pvp' and winner <> 'derelict' then 'won'
        when gamemode = 'pvp' then case when played_ms < 1200000 then 'early_rtv' else 'late_rtv' end
        when success then 'won'
        when winner <> 'derelict' then 'lost'
        when played_ms < 180000 then 'early_rtv'
        else 'late_rtv'
    end
$$;
comment on function map_run_outcome(text, text, boolean, bigint) is
    'How a run ended. pvp: won unless the winner is derelict, else early_rtv before 20 minutes '
    'of play and late_rtv from then on. Elsewhere: won with success, else lost unless the winner '
    'is derelict, else early_rtv before 3 minutes and late_rtv, which is lost too, from then on';
-- +goose StatementEnd

-- +goose StatementBegin
create function map_run_is_lost(gamemode text, outcome text) returns boolean
language sql immutable parallel safe
as $$
    select outcome = 'lost' or outcome = 'late_rtv' and gamemode <> 'pvp'
$$;
comment on function map_run_is_lost(text, text) is
    'Whether a run with this map_run_outcome is lost: a late_rtv is, but in pvp';
-- +goose StatementEnd

create view map_run_history as
select
    r.id,
    r.ended_at,
    r.server,
    r.map,
    r.gamemode,
    map_run_outcome(r.gamemode, r.winner, r.success, r.played_ms) as outcome,
    r.winner,
    make_interval(secs => r.played_ms / 1000.0) as played,
    r.max_players,
    r.wave
from map_run as r
order by r.id desc;
comment on view map_run_history is 'Finished runs as people read them, newest first';
comment on column map_run_history.id is 'map_run.id';
comment on column map_run_history.ended_at is 'When its end was reported';
comment on column map_run_history.server is 'On which server';
comment on column map_run_history.map is 'The map''s file';
comment on column map_run_history.gamemode is 'The server''s gamemode';
comment on column map_run_history.outcome is 'won, lost, early_rtv or late_rtv; see map_run_outcome';
comment on column map_run_history.winner is 'The team that won; derelict: nobody';
comment on column map_run_history.played is 'How long it was played, without the time that the game was down';
comment on column map_run_history.max_players is 'The most players at a time';
comment on column map_run_history.wave is 'The last wave; NULL: the game has none';

create view map_stats as
select
    map,
    gamemode,
    sum(runs)::bigint as runs,
    sum(significant)::bigint as significant,
    sum(won)::bigint as won,
    sum(lost)::bigint as lost,
    sum(early_rtvs)::bigint as early_rtvs,
    sum(late_rtvs)::bigint as late_rtvs,
    (sum(early_rtvs)::float8 / sum(runs)::float8)::float8 as early_rtv_rate,
    (sum(late_rtvs)::float8 / sum(runs)::float8)::float8 as late_rtv_rate,
    make_interval(secs => round(sum(played_ms) / nullif(sum(significant), 0)) / 1000.0) as average_time,
    make_interval(secs => min(shortest_ms) / 1000.0) as shortest_time,
    make_interval(secs => max(longest_ms) / 1000.0) as longest_time,
    make_interval(secs => min(best_ms) / 1000.0) as best_time,
    max(highest_wave) as highest_wave,
    (sum(waves)::float8 / nullif(sum(waved), 0)::float8)::float8 as average_wave,
    (sum(players)::float8 / nullif(sum(significant), 0)::float8)::float8 as average_max_players,
    coalesce(jsonb_object_agg(winner, won) filter (where won > 0), '{}') as wins_by_team,
    max(latest_win) as latest_win
from (
    select
        r.map,
        r.gamemode,
        r.winner,
        count(*) as runs,
        count(*) filter (where o.outcome <> 'early_rtv') as significant,
        count(*) filter (where o.outcome = 'won') as won,
        count(*) filter (where map_run_is_lost(r.gamemode, o.outcome)) as lost,
        count(*) filter (where o.outcome = 'early_rtv') as early_rtvs,
        count(*) filter (where o.outcome = 'late_rtv') as late_rtvs,
        sum(r.played_ms) filter (where o.outcome <> 'early_rtv') as played_ms,
        min(r.played_ms) filter (where o.outcome <> 'early_rtv') as shortest_ms,
        max(r.played_ms) filter (where o.outcome <> 'early_rtv') as longest_ms,
        min(r.played_ms) filter (where o.outcome = 'won') as best_ms,
        max(r.wave) filter (where o.outcome <> 'early_rtv') as highest_wave,
        sum(r.wave) filter (where o.outcome <> 'early_rtv') as waves,
        count(r.wave) filter (where o.outcome <> 'early_rtv') as waved,
        sum(r.max_players) filter (where o.outcome <> 'early_rtv') as players,
        max(r.ended_at) filter (where o.outcome = 'won') as latest_win
    from map_run as r
    cross join lateral (select map_run_outcome(r.gamemode, r.winner, r.success, r.played_ms) as outcome) as o
    where r.max_players > 0
    group by r.map, r.gamemode, r.winner
) as by_winner
group by map, gamemode;
comment on view map_stats is
    'The finished runs of each map in each gamemode summed up. Runs without '
    'players do not count; times, waves and players are of significant runs';
comment on column map_stats.map is 'The map''s file';
comment on column map_stats.gamemode is 'The gamemode';
comment on column map_stats.runs is 'All runs that had players';
comment on column map_stats.significant is 'All but the early RTVs';
comment on column map_stats.won is 'Runs that were won';
comment on column map_stats.lost is 'Runs that were lost; late RTVs too, but in pvp';
comment on column map_stats.early_rtvs is 'Runs voted away before 3 minutes, in pvp 20';
comment on column map_stats.late_rtvs is 'Runs voted away later';
comment on column map_stats.early_rtv_rate is 'early_rtvs / runs';
comment on column map_stats.late_rtv_rate is 'late_rtvs / runs';
comment on column map_stats.average_time is
    'Average time played of significant runs, to the millisecond; NULL: there is none';
comment on column map_stats.shortest_time is 'Time played of the shortest significant run';
comment on column map_stats.longest_time is 'Time played of the longest significant run';
comment on column map_stats.best_time is 'Time played of the shortest run that was won; NULL: none was';
comment on column map_stats.highest_wave is 'The highest wave of significant runs; NULL: none has waves';
comment on column map_stats.average_wave is 'The average last wave of the significant runs that have one';
comment on column map_stats.average_max_players is 'The average of max_players of significant runs';
comment on column map_stats.wins_by_team is 'Runs won, by the team that won';
comment on column map_stats.latest_win is 'When a run was last won; NULL: none was';

grant select, insert, update, delete on map_run_current, map_run to playersync_app;
grant select on map_run_current, map_run, map_run_history, map_stats to playersync_readonly;
grant select on map_run_history, map_stats to playersync_app;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop view map_stats;
drop view map_run_history;
drop function map_run_is_lost(text, text);
drop function map_run_outcome(text, text, boolean, bigint);
drop table map_run;
drop table map_run_current;
