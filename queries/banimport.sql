-- name: ImportBans :many
-- Stores bans of another database in one statement, whatever their number: one
-- change tells the sidecars. A ban that is here already (same target, same time,
-- same author) stays as it is, and so does the open ban of a target; of several
-- open ones for one target the longest is taken. Empty texts stand for null.
with writer as materialized (
    select set_config('syncer.server', sqlc.arg(server)::text, true), set_config('syncer.by', sqlc.arg(by)::text, true)
),
given as materialized (
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
    cross join writer
),
known as materialized (
    select position, min(id) as id
    from (
        select g.position, b.id
        from given as g
        join ban as b on b.uuid = g.uuid
        where b.banned_by = g.banned_by
          and b.created_at >= g.created_at and b.created_at < g.created_at + interval '1 ms'
        union all
        select g.position, b.id
        from given as g
        join ban as b on b.ip = g.ip
        where b.banned_by = g.banned_by
          and b.created_at >= g.created_at and b.created_at < g.created_at + interval '1 ms'
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
    where not exists (select from known where known.position = given.position)
),
added as (
    insert into ban (uuid, ip, reason, banned_by, created_at, expires_at, lifted_at, lifted_by, lift_reason)
    select
        'uuid:' || uuid, ip, reason, banned_by, created_at, expires_at, lifted_at, lifted_by, lift_reason
    from fresh
    where copy = 1 and (lifted_at is not null or place = 1)
    order by created_at, position
    on conflict do nothing
    returning id, uuid, ip, created_at, banned_by
),
outcome as materialized (
    select
        g.position,
        coalesce(k.id, a.id, 0) as id,
        k.id is null and a.id is not null and f.copy = 1 as added
    from given as g
    left join known as k on k.position = g.position
    left join fresh as f on f.position = g.position
    left join added as a
        on ban_target(a.uuid, a.ip) = ban_target(g.uuid, g.ip)
        and a.created_at = g.created_at and a.banned_by = g.banned_by
),
noted as (
    insert into ban_note (ban, written_at, written_by, text)
    select o.id, n.written_at, n.written_by, n.text
    from (
        select
            unnest(sqlc.arg(note_positions)::integer[]) as position,
            unnest(sqlc.arg(note_written_at)::timestamptz[]) as written_at,
            unnest(sqlc.arg(note_written_by)::text[]) as written_by,
            unnest(sqlc.arg(note_texts)::text[]) as text
    ) as n
    join outcome as o on o.position = n.position and o.id > 0
    where not exists (
        select
        from ban_note as b
        where b.ban = o.id and b.written_by = n.written_by and b.text = n.text
          and b.written_at >= n.written_at and b.written_at < n.written_at + interval '1 ms'
    )
    group by o.id, n.written_at, n.written_by, n.text
    order by o.id, n.written_at, min(n.position)
)
select position::integer as position, id::bigint as id, added::boolean as added
from outcome
order by position;

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

-- name: Namesakes :many
-- Those of the texts that no player has for an id and that were never banned as one, each
-- with the players of that name, in any case, stored or online.
with given as materialized (
    select text, lower(text) collate "C" as name
    from unnest(sqlc.arg(texts)::text[]) as t (text)
    where not exists (select from player as p where p.uuid = text)
      and not exists (select from ban as b where b.uuid = text)
)
select g.text::text as text, array_remove(array_agg(distinct n.uuid order by n.uuid), null)::text[] as uuids
from given as g
left join (
    select uuid, lower(name) collate "C" as name
    from player
    where (lower(name) collate "C") = any(array(select name from given))
    union all
    select uuid, lower(name) collate "C"
    from online
) as n on n.name = g.name
group by g.text;

-- name: KnownIDs :many
-- Those of the ids that a player has.
select uuid
from player
where uuid = any(sqlc.arg(uuids)::text[]);
