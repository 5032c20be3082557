-- name: AddPlayerCount :exec
-- Keeps the most players of a slot. A time that a thinned sample stands for
-- counts there.
insert into player_count as c (server, slot, minutes, players)
select
    sqlc.arg(server)::text,
    coalesce(thinned.slot, date_bin('4 minutes', sqlc.arg(at)::timestamptz, '1970-01-01 00:00+00')),
    coalesce(thinned.minutes, 4),
    sqlc.arg(players)::integer
from (select) as always
left join lateral (
    select o.slot, o.minutes
    from (
        select l.slot, l.minutes
        from player_count as l
        where l.server = sqlc.arg(server)::text and l.slot <= sqlc.arg(at)::timestamptz
        order by l.slot desc
        limit 1
    ) as o
    where sqlc.arg(at)::timestamptz < o.slot + make_interval(mins => o.minutes)
) as thinned on true
on conflict (server, slot) do update
set players = greatest(c.players, excluded.players);

-- name: PlayerCounts :many
-- The samples that overlap a range as they are stored, oldest first.
select *
from player_count as c
where c.slot < sqlc.arg(until)::timestamptz
  and c.slot > sqlc.arg(since)::timestamptz - interval '1 day'
  and c.slot + make_interval(mins => c.minutes) > sqlc.arg(since)::timestamptz
  and (sqlc.arg(server)::text = '' or c.server = sqlc.arg(server)::text)
order by c.slot, c.server collate "C"
limit sqlc.arg(most);

-- name: PlayerCountsByStep :many
-- The most players of each server in each step of a range, or the sum of that
-- over the servers. A sample counts in every step that it overlaps.
with highest as (
    select c.server, step.slot, max(c.players) as players
    from player_count as c
    cross join lateral generate_series(
        greatest(
            date_bin(make_interval(mins => sqlc.arg(minutes)::integer), c.slot, '1970-01-01 00:00+00'),
            sqlc.arg(since)::timestamptz
        ),
        least(c.slot + make_interval(mins => c.minutes), sqlc.arg(until)::timestamptz) - interval '1 microsecond',
        make_interval(mins => sqlc.arg(minutes)::integer)
    ) as step (slot)
    where c.slot < sqlc.arg(until)::timestamptz
      and c.slot > sqlc.arg(since)::timestamptz - interval '1 day'
      and c.slot + make_interval(mins => c.minutes) > sqlc.arg(since)::timestamptz
      and (sqlc.arg(server)::text = '' or c.server = sqlc.arg(server)::text)
    group by c.server, step.slot
)
select
    (case when sqlc.arg(together)::boolean then '' else h.server end)::text as server,
    h.slot::timestamptz as slot,
    sum(h.players)::bigint as players
from highest as h
group by 1, 2
order by h.slot::timestamptz, 1
limit sqlc.arg(most);
