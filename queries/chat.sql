-- name: SendStaffMessage :one
-- Sends a message, unless the same was sent a moment ago.
select m.id::bigint as id, m.sent_at::timestamptz as sent_at, m.created::boolean as created
from staff_message_send(
    sqlc.arg(server), sqlc.arg(name), sqlc.arg(player), sqlc.arg(is_staff), sqlc.arg(text), sqlc.arg(echo)
) as m;

-- name: NewestStaffMessages :many
-- The newest messages of the last day, oldest first: what is held in memory.
select *
from (
    select *
    from staff_message
    where sent_at > now() - interval '1 day'
    order by id desc
    limit sqlc.arg(most)
) as newest
order by id;

-- name: StaffMessagesAfter :many
-- Messages after a position, oldest first.
select *
from staff_message
where id > sqlc.arg(after)
order by id
limit sqlc.arg(page_size);

-- name: LastStaffMessages :many
-- The last messages, oldest first.
select *
from (
    select *
    from staff_message
    order by id desc
    limit sqlc.arg(page_size)
) as newest
order by id;

-- name: StaffDeliveries :many
-- How far each game server of a sidecar was given the staff chat.
select gamemode, delivered
from staff_delivery
where sidecar = sqlc.arg(sidecar);

-- name: SaveStaffDeliveries :exec
-- Notes how far game servers of a sidecar were given the staff chat.
insert into staff_delivery (sidecar, gamemode, delivered)
select sqlc.arg(sidecar), moved.gamemode, moved.delivered
from (
    select unnest(sqlc.arg(gamemodes)::text[]) as gamemode, unnest(sqlc.arg(delivered)::bigint[]) as delivered
) as moved
on conflict (sidecar, gamemode) do update
set delivered = excluded.delivered, saved_at = now();

-- name: PruneStaffMessages :execrows
-- Deletes some of the messages older than 30 days.
delete from staff_message
where id in (
    select id
    from staff_message
    where sent_at < now() - interval '30 days'
    order by id
    limit sqlc.arg(most)
);

-- name: PruneStaffDeliveries :exec
-- Forgets game servers that have not been given anything for 30 days.
delete from staff_delivery
where saved_at < now() - interval '30 days';
