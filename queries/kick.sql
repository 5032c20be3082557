-- name: Kick :many
-- Asks to kick a player, if he is on a server that lives; returns on which. Requests that
-- do not count any more are deleted.
with writer as materialized (
    select
        set_config('syncer.notify', 'now', true),
        set_config('syncer.server', sqlc.arg(server)::text, true),
        set_config('syncer.by', sqlc.arg(by)::text, true)
),
done as (
    delete from kick where at < now() - interval '1 minute'
),
asked as (
    insert into kick (uuid, reason, kicked_by)
    select sqlc.arg(uuid)::text, sqlc.arg(reason)::text, sqlc.arg(by)::text
    from writer
    where exists (select from online as o where o.uuid = sqlc.arg(uuid)::text)
    returning id
)
select o.server
from online as o
cross join asked
where o.uuid = sqlc.arg(uuid)::text
order by o.since, o.server;

-- name: Kicks :many
-- The requests that count still.
select *
from kick
where at >= now() - interval '1 minute'
order by id;

-- name: PruneKicks :exec
-- Deletes requests that do not count any more.
delete from kick
where at < now() - interval '1 minute';
