-- name: AddModLog :exec
-- Writes down what moderators did; the token recognises an entry that was sent again. It is on the
-- synchronous standby then, see AwaitStandby.
with begun as materialized (
    select pg_logical_emit_message(true, 'playersync', '')
)
insert into mod_log (at, source, message, token)
select sqlc.arg(at)::timestamptz, sqlc.arg(source)::text, sqlc.arg(message)::text, sqlc.arg(token)::uuid
from begun
on conflict do nothing;

-- name: ListModLog :many
-- Entries, newest first, below the given number; every filter is optional.
select id, at, source, message
from mod_log
where id < sqlc.arg(before)::bigint
  and (sqlc.narg(source)::text is null or source = sqlc.narg(source)::text)
  and (sqlc.narg(part)::text is null or strpos(lower(message), lower(sqlc.narg(part)::text)) > 0)
  and (sqlc.narg(since)::timestamptz is null or at >= sqlc.narg(since)::timestamptz)
  and (sqlc.narg(until)::timestamptz is null or at < sqlc.narg(until)::timestamptz)
order by id desc
limit sqlc.arg(page_size);

-- name: NewestModLog :many
-- The newest entries, oldest first.
select newest.id, newest.at, newest.source, newest.message
from (
    select *
    from mod_log
    order by id desc
    limit sqlc.arg(most)
) as newest
order by newest.id;
