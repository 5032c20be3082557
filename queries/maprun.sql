-- name: ReportMapRun :one
-- Notes what a server runs: the run in progress goes on if it is of the same map
-- and gamemode, else another begins. Time counts only within a session.
insert into map_run_current as r (server, map, gamemode, session, started_at, reported_at, players, max_players, wave)
values (
    sqlc.arg(server), sqlc.arg(map), sqlc.arg(gamemode), sqlc.arg(session),
    sqlc.arg(at), sqlc.arg(at), sqlc.arg(players), sqlc.arg(players), sqlc.narg(wave)
)
on conflict (server) do update
set map         = excluded.map,
    gamemode    = excluded.gamemode,
    session     = excluded.session,
    started_at  = case
        when (r.map, r.gamemode) = (excluded.map, excluded.gamemode) then r.started_at
        else excluded.started_at
    end,
    reported_at = case
        when (r.map, r.gamemode) = (excluded.map, excluded.gamemode) then greatest(r.reported_at, excluded.reported_at)
        else excluded.reported_at
    end,
    played_ms   = case
        when (r.map, r.gamemode) <> (excluded.map, excluded.gamemode) then 0
        when r.session <> excluded.session then r.played_ms
        else r.played_ms + greatest(0, extract(epoch from excluded.reported_at - r.reported_at) * 1000)::bigint
    end,
    players     = excluded.players,
    max_players = case
        when (r.map, r.gamemode) = (excluded.map, excluded.gamemode) then greatest(r.max_players, excluded.players)
        else excluded.players
    end,
    wave        = case
        when (r.map, r.gamemode) = (excluded.map, excluded.gamemode) then coalesce(excluded.wave, r.wave)
        else excluded.wave
    end
returning *;

-- name: FinishMapRun :many
-- Ends the run in progress if it is of this map, and returns it as it is stored. The
-- same key again returns it again; no row: there is no such run in progress.
with ended as (
    delete from map_run_current as c
    where c.server = sqlc.arg(server)
      and c.map = sqlc.arg(map)
      and not exists (select 1 from map_run as r where r.key = sqlc.arg(key))
    returning *
), stored as (
    insert into map_run
        (key, server, map, gamemode, winner, success, started_at, ended_at, played_ms, max_players, wave)
    select
        sqlc.arg(key), e.server, e.map, e.gamemode, sqlc.arg(winner), sqlc.arg(success),
        e.started_at, greatest(e.reported_at, sqlc.arg(at)::timestamptz),
        e.played_ms + case
            when e.session = sqlc.arg(session)::text
            then greatest(0, extract(epoch from sqlc.arg(at)::timestamptz - e.reported_at) * 1000)::bigint
            else 0
        end,
        greatest(e.max_players, sqlc.narg(players)::integer),
        coalesce(sqlc.narg(wave)::integer, e.wave)
    from ended as e
    on conflict (key) do nothing
    returning *
)
select * from stored
union all
select * from map_run where map_run.key = sqlc.arg(key);

-- name: AbandonMapRun :execrows
-- Gives up the run in progress.
delete from map_run_current
where server = sqlc.arg(server);

-- name: CurrentMapRun :many
-- The run in progress on a server, if any.
select *
from map_run_current
where server = sqlc.arg(server);

-- name: CurrentMapRuns :many
-- The runs in progress on all servers.
select *
from map_run_current
order by server;

-- name: ListMapRuns :many
-- Finished runs, newest first, after the given one; gamemode is optional.
select *
from map_run
where id < sqlc.arg(before)::bigint
  and (sqlc.narg(gamemode)::text is null or gamemode = sqlc.narg(gamemode)::text)
order by id desc
limit sqlc.arg(page_size);

-- name: ListMapRunsOn :many
-- ListMapRuns of one server.
select *
from map_run
where server = sqlc.arg(server)::text
  and id < sqlc.arg(before)::bigint
  and (sqlc.narg(gamemode)::text is null or gamemode = sqlc.narg(gamemode)::text)
order by id desc
limit sqlc.arg(page_size);

-- name: ListMapRunsOf :many
-- ListMapRuns of one map; server is optional too.
select *
from map_run
where map = sqlc.arg(map)::text
  and id < sqlc.arg(before)::bigint
  and (sqlc.narg(server)::text is null or server = sqlc.narg(server)::text)
  and (sqlc.narg(gamemode)::text is null or gamemode = sqlc.narg(gamemode)::text)
order by id desc
limit sqlc.arg(page_size);

-- name: StatsOfMap :many
-- The statistics of one map, in one gamemode or in each.
select *
from map_stats as s
where s.map = sqlc.arg(map)::text
  and (sqlc.narg(gamemode)::text is null or s.gamemode = sqlc.narg(gamemode)::text)
order by s.gamemode;

-- name: MapStats :many
-- The statistics of all maps behind the given one, by map and gamemode.
select *
from map_stats as s
where (s.map, s.gamemode) > (sqlc.arg(after_map)::text, sqlc.arg(after_gamemode)::text)
  and (sqlc.narg(gamemode)::text is null or s.gamemode = sqlc.narg(gamemode)::text)
order by s.map, s.gamemode
limit sqlc.arg(page_size);
