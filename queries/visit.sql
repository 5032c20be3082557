-- name: AddVisits :exec
-- Counts the visits of one edit for each of many players, whose rows the caller
-- has locked. With a batch only if this transaction has stored it.
select add_visits(sqlc.arg(uuids)::text[], sqlc.arg(edits)::jsonb[])
where sqlc.narg(batch)::uuid is null or batch_is_stored_here(sqlc.narg(batch)::uuid);

-- name: ReadPlayerInfo :many
-- All that is known of a player's visits. No row: no such player; one without a
-- kind: nothing is known.
select
    p.name as player_name,
    coalesce(k.kind, '')::text as kind,
    coalesce(k.server, '')::text as server,
    coalesce(k.value, '')::text as value,
    coalesce(k.times, 0)::bigint as times,
    coalesce(k.kicks, 0)::bigint as kicks,
    k.first_seen::timestamptz as first_seen,
    k.last_seen::timestamptz as last_seen
from player as p
left join lateral (
    select 'visit' as kind, v.server, '' as value, v.joins as times, v.kicks, v.first_seen, v.last_seen
    from player_visit as v
    where v.uuid = p.uuid
    union all
    select 'name', n.server, n.name, n.times, 0, n.first_seen, n.last_seen
    from player_name as n
    where n.uuid = p.uuid
    union all
    select 'address', a.server, host(a.ip), a.times, 0, a.first_seen, a.last_seen
    from player_address as a
    where a.uuid = p.uuid
) as k on true
where p.uuid = sqlc.arg(uuid)
order by k.last_seen desc, k.server, k.value;

-- name: SearchInfoByName :many
-- Players who joined under a name that contains a text, given as a LIKE pattern
-- with % and _ escaped; who did so last comes first. The page begins after the
-- given position.
with found as (
    select
        m.uuid, max(m.last_seen)::timestamptz as matched_at,
        (array_agg(m.name order by m.last_seen desc))[1:8]::text[] as matched
    from (
        select n.uuid, n.name, max(n.last_seen) as last_seen
        from player_name as n
        where lower(n.name) like lower(sqlc.arg(pattern)::text)
        group by n.uuid, n.name
    ) as m
    group by m.uuid
    having (max(m.last_seen), m.uuid collate "C")
        < (sqlc.arg(after_time)::timestamptz, sqlc.arg(after_uuid)::text collate "C")
    order by max(m.last_seen) desc, m.uuid collate "C" desc
    limit sqlc.arg(page_size)
)
select f.uuid, p.name, f.matched_at, f.matched, v.joins, v.kicks, v.first_seen, v.last_seen
from found as f
join player as p on p.uuid = f.uuid
cross join lateral (
    select
        coalesce(sum(o.joins), 0)::bigint as joins,
        coalesce(sum(o.kicks), 0)::bigint as kicks,
        min(o.first_seen)::timestamptz as first_seen,
        max(o.last_seen)::timestamptz as last_seen
    from player_visit as o
    where o.uuid = f.uuid
) as v
order by f.matched_at desc, f.uuid collate "C" desc;

-- name: SearchInfoByAddress :many
-- Players who joined from an address or range; otherwise like SearchInfoByName.
with found as (
    select
        m.uuid, max(m.last_seen)::timestamptz as matched_at,
        (array_agg(host(m.ip) order by m.last_seen desc))[1:8]::text[] as matched
    from (
        select a.uuid, a.ip, max(a.last_seen) as last_seen
        from player_address as a
        where a.ip between sqlc.arg(ip)::inet
            and set_masklen(broadcast(sqlc.arg(ip)::inet), case family(sqlc.arg(ip)::inet) when 4 then 32 else 128 end)
        group by a.uuid, a.ip
    ) as m
    group by m.uuid
    having (max(m.last_seen), m.uuid collate "C")
        < (sqlc.arg(after_time)::timestamptz, sqlc.arg(after_uuid)::text collate "C")
    order by max(m.last_seen) desc, m.uuid collate "C" desc
    limit sqlc.arg(page_size)
)
select f.uuid, p.name, f.matched_at, f.matched, v.joins, v.kicks, v.first_seen, v.last_seen
from found as f
join player as p on p.uuid = f.uuid
cross join lateral (
    select
        coalesce(sum(o.joins), 0)::bigint as joins,
        coalesce(sum(o.kicks), 0)::bigint as kicks,
        min(o.first_seen)::timestamptz as first_seen,
        max(o.last_seen)::timestamptz as last_seen
    from player_visit as o
    where o.uuid = f.uuid
) as v
order by f.matched_at desc, f.uuid collate "C" desc;

-- name: SharingAccounts :many
-- Other players who joined from addresses of a player: who shares the most
-- addresses first, then who was seen there last. The page begins after the given
-- position.
with own as (
    select o.ip, sum(o.times)::bigint as times
    from player_address as o
    where o.uuid = sqlc.arg(uuid)
    group by o.ip
),
account as (
    select
        s.uuid,
        count(*) as shared,
        max(s.last_seen)::timestamptz as last_seen,
        (array_agg(host(s.ip) order by s.last_seen desc, s.ip))[1:32]::text[] as addresses,
        (array_agg(s.times order by s.last_seen desc, s.ip))[1:32]::bigint[] as times,
        (array_agg(s.own_times order by s.last_seen desc, s.ip))[1:32]::bigint[] as own_times
    from (
        select a.uuid, a.ip, sum(a.times)::bigint as times, max(own.times) as own_times, max(a.last_seen) as last_seen
        from own
        join player_address as a on a.ip = own.ip
        where a.uuid <> sqlc.arg(uuid)
        group by a.uuid, a.ip
    ) as s
    group by s.uuid
    having (count(*), max(s.last_seen), s.uuid collate "C")
        < (sqlc.arg(after_shared)::bigint, sqlc.arg(after_time)::timestamptz, sqlc.arg(after_uuid)::text collate "C")
    order by count(*) desc, max(s.last_seen) desc, s.uuid collate "C" desc
    limit sqlc.arg(page_size)
)
select
    c.uuid,
    p.name,
    c.shared,
    c.last_seen,
    c.addresses,
    c.times,
    c.own_times,
    exists (
        select
        from ban as b
        where b.uuid = c.uuid and b.lifted_at is null and (b.expires_at is null or b.expires_at > now())
    ) as banned
from account as c
join player as p on p.uuid = c.uuid
order by c.shared desc, c.last_seen desc, c.uuid collate "C" desc;

-- name: PlayersSeenFrom :many
-- Players who joined from an address or a range, the one seen last first, and how
-- many there are in all. What lies in a range sorts together.
with seen as (
    select uuid, ip, sum(times)::bigint as times, max(last_seen) as last_seen
    from player_address
    where ip between sqlc.arg(ip)::inet
        and set_masklen(broadcast(sqlc.arg(ip)::inet), case family(sqlc.arg(ip)::inet) when 4 then 32 else 128 end)
    group by uuid, ip
)
select
    s.uuid,
    p.name,
    sum(s.times)::bigint as times,
    max(s.last_seen)::timestamptz as last_seen,
    count(*)::bigint as addresses,
    ((array_agg(host(s.ip) order by s.last_seen desc))[1:8])::text[] as latest,
    (count(*) over ())::bigint as players
from seen as s
join player as p on p.uuid = s.uuid
group by s.uuid, p.name
order by max(s.last_seen) desc, s.uuid
limit sqlc.arg(page_size);
