-- name: ImportBans :many
-- Stores bans of another database in one statement, whatever their number: one
-- change tells the sidecars. A ban that is here already (same target, same time,
-- same author) stays as it is, and so does the open ban of a target; of several
-- open ones for one target the longest is taken. Empty texts stand for null.
with given as materialized (
    select
        position,
        nullif(uuid, '') as uuid,
        nullif(ip, '')::inet as ip,
        reason,
        banned_by,
        coalesce(created_at, now()) as created_at,
        expires_at,
        coalesce(lifted_at, case when expires_at <= now() then expires_at end) as lifted_at,
        nullif(lifted_by, '') as lifted_by,
        nullif(lift_reason, '') as lift_reason
    from (
        select
            unnest(sqlc.arg(positions)::integer[]) as position,
            unnest(sqlc.arg(uuids)::text[]) as uuid,
            unnest(sqlc.arg(ips)::text[]) as ip,
            unnest(sqlc.arg(reasons)::text[]) as reason,
            unnest(sqlc.arg(banned_by)::text[]) as banned_by,
            unnest(sqlc.arg(created_at)::timestamptz[]) as created_at,
            unnest(sqlc.arg(expires_at)::timestamptz[]) as expires_at,
            unnest(sqlc.arg(lifted_at)::timestamptz[]) as lifted_at,
            unnest(sqlc.arg(lifted_by)::text[]) as lifted_by,
            unnest(sqlc.arg(lift_reasons)::text[]) as lift_reason
    ) as columns
),
known as materialized (
    select position, min(id) as id
    from (
        select g.position, b.id
        from given as g
        join ban as b on b.uuid = g.uuid
        where b.banned_by = g.banned_by and b.created_at >= g.created_at and b.created_at < g.created_at + interval '1 ms'
        union all
        select g.position, b.id
        from given as g
        join ban as b on b.ip = g.ip
        where b.banned_by = g.banned_by and b.created_at >= g.created_at and b.created_at < g.created_at + interval '1 ms'
    ) as same
    group by position
),
fresh as (
    select
        *,
        row_number() over (partition by uuid, ip, created_at, banned_by order by position) as copy,
        row_number() over (
            partition by uuid, ip, lifted_at is null order by coalesce(expires_at, 'infinity') desc, position
        ) as place
    from given
    where position not in (select position from known)
),
added as (
    insert into ban (uuid, ip, reason, banned_by, created_at, expires_at, lifted_at, lifted_by, lift_reason)
    select uuid, ip, reason, banned_by, created_at, expires_at, lifted_at, lifted_by, lift_reason
    from fresh
    where copy = 1 and (lifted_at is not null or place = 1)
    order by created_at, position
    on conflict do nothing
    returning id, uuid, ip, created_at, banned_by
)
select
    g.position::integer as position,
    coalesce(k.id, a.id, 0)::bigint as id,
    (k.id is null and a.id is not null and f.copy = 1 and (f.lifted_at is not null or f.place = 1))::boolean as added
from given as g
left join known as k on k.position = g.position
left join fresh as f on f.position = g.position
left join added as a
    on ban_target(a.uuid, a.ip) = ban_target(g.uuid, g.ip) and a.created_at = g.created_at and a.banned_by = g.banned_by
order by g.position;

-- name: OpenBansOfTargets :many
-- The open bans of many targets, expired or not.
with target as materialized (
    select
        unnest(sqlc.arg(positions)::integer[]) as position,
        nullif(unnest(sqlc.arg(uuids)::text[]), '') as uuid,
        nullif(unnest(sqlc.arg(ips)::text[]), '')::inet as ip
)
select t.position::integer as position, b.id
from target as t
join ban as b on b.uuid = t.uuid
where b.lifted_at is null
union all
select t.position::integer, b.id
from target as t
join ban as b on b.ip = t.ip
where b.lifted_at is null;
