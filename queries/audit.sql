-- name: ListAudit :many
-- Changes, newest first, below the given number; every filter is optional. Numbers and
-- times have the same order but for transactions that overlap: they bound each other,
-- in a form that the index on the number serves.
select *
from audit
where id < sqlc.arg(before)::bigint
  and (sqlc.narg(field)::text is null or field = sqlc.narg(field)::text)
  and (sqlc.narg(server)::text is null or server = sqlc.narg(server)::text)
  and (sqlc.narg(since)::timestamptz is null or at >= sqlc.narg(since)::timestamptz)
  and (sqlc.narg(until)::timestamptz is null or at < sqlc.narg(until)::timestamptz)
  and id >= case when sqlc.narg(since)::timestamptz is null then 0 else coalesce((
      select a.id from audit as a where a.at >= sqlc.narg(since)::timestamptz - interval '1 min' order by a.at limit 1
  ), 9223372036854775807) end
  and id <= case when sqlc.narg(until)::timestamptz is null then 9223372036854775807 else coalesce((
      select a.id
      from audit as a
      where a.at < sqlc.narg(until)::timestamptz + interval '1 min'
      order by a.at desc
      limit 1
  ), 0) end
order by id desc
limit sqlc.arg(page_size);

-- name: ListAuditOf :many
-- ListAudit of a player and the bans of its id.
select *
from audit
where uuid = sqlc.arg(uuid)::text
  and id < sqlc.arg(before)::bigint
  and (sqlc.narg(field)::text is null or field = sqlc.narg(field)::text)
  and (sqlc.narg(server)::text is null or server = sqlc.narg(server)::text)
  and (sqlc.narg(who)::text is null or coalesce(changed_by, role) = sqlc.narg(who)::text)
  and (sqlc.narg(since)::timestamptz is null or at >= sqlc.narg(since)::timestamptz)
  and (sqlc.narg(until)::timestamptz is null or at < sqlc.narg(until)::timestamptz)
order by id desc
limit sqlc.arg(page_size);

-- name: ListAuditOverlapping :many
-- ListAudit of bans of an address or range, of what lies in it and of the ranges around
-- it; see ListBansOverlapping.
select *
from audit
where id = any(array(
      select id
      from audit
      where ip between sqlc.arg(ip)::inet
          and set_masklen(broadcast(sqlc.arg(ip)::inet), case family(sqlc.arg(ip)::inet) when 4 then 32 else 128 end)
         or ip = any(array(
             select network(set_masklen(sqlc.arg(ip)::inet, length))::inet
             from generate_series(0, masklen(sqlc.arg(ip)::inet)) as length
         ))
  ))
  and id < sqlc.arg(before)::bigint
  and (sqlc.narg(field)::text is null or field = sqlc.narg(field)::text)
  and (sqlc.narg(server)::text is null or server = sqlc.narg(server)::text)
  and (sqlc.narg(who)::text is null or coalesce(changed_by, role) = sqlc.narg(who)::text)
  and (sqlc.narg(since)::timestamptz is null or at >= sqlc.narg(since)::timestamptz)
  and (sqlc.narg(until)::timestamptz is null or at < sqlc.narg(until)::timestamptz)
order by id desc
limit sqlc.arg(page_size);

-- name: ListAuditBy :many
-- ListAudit by one person or login.
select *
from audit
where coalesce(changed_by, role) = sqlc.arg(who)::text
  and id < sqlc.arg(before)::bigint
  and (sqlc.narg(field)::text is null or field = sqlc.narg(field)::text)
  and (sqlc.narg(server)::text is null or server = sqlc.narg(server)::text)
  and (sqlc.narg(since)::timestamptz is null or at >= sqlc.narg(since)::timestamptz)
  and (sqlc.narg(until)::timestamptz is null or at < sqlc.narg(until)::timestamptz)
order by id desc
limit sqlc.arg(page_size);

-- name: Attribute :exec
-- Says for the audit who makes the changes of this transaction.
select set_config('syncer.server', sqlc.arg(server)::text, true), set_config('syncer.by', sqlc.arg(by)::text, true);

-- name: AuditEntry :one
-- One change.
select *
from audit
where id = sqlc.arg(id);

-- name: RevertAudit :one
-- Restores what was before a change; see audit_revert. Returns the new change.
with writer as materialized (
    select set_config('syncer.notify', 'now', true), set_config('syncer.server', sqlc.arg(server)::text, true)
)
select audit_revert(sqlc.arg(id)::bigint, sqlc.arg(by)::text, sqlc.arg(reason)::text)::bigint as reverted
from writer;

-- name: WrittenPlayer :one
-- A player as this transaction has written it, and what other servers are told.
select
    sqlc.embed(p),
    pg_current_snapshot()::text as snapshot,
    pg_current_xact_id()::text::bigint as xid,
    (
        select json_agg(json_build_object('action', h.action, 'by', h.by, 'time', h.time)
            order by h.time, h.action collate "C", h.by collate "C")
        from (
            select n.action, n.by, n.time
            from player_history as n
            where n.uuid = p.uuid
            order by n.time desc, n.action collate "C" desc, n.by collate "C" desc
            limit 500
        ) as h
    )::json as history,
    player_change(p)::json as change
from player as p
where p.uuid = sqlc.arg(uuid);

-- name: WrittenBan :one
-- What other servers are told of a ban that this transaction has written.
select ban_change(b)::jsonb as change
from ban as b
where b.id = sqlc.arg(id);

-- name: PruneAudit :one
-- Forgets some of the changes older than an interval; returns how many.
select audit_prune(sqlc.arg(keep)::interval, sqlc.arg(most)::integer)::bigint as pruned;
