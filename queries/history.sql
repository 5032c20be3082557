-- name: AddHistory :many
-- Adds the history of one edit for each of many players; returns what was new as changes.
-- With a batch only if this transaction has stored it.
with notify as materialized (
    select set_config('syncer.notify', sqlc.arg(notify)::text, true)
),
added as (
    insert into player_history (uuid, action, by, time)
    select s.uuid, h.action, h.by, h.time
    from notify
    cross join (select unnest(sqlc.arg(uuids)::text[]) as uuid, unnest(sqlc.arg(edits)::jsonb[]) as edit) as s
    cross join jsonb_to_recordset(s.edit -> 'history') as h (action text, by text, time timestamptz)
    where sqlc.narg(batch)::uuid is null or batch_is_stored_here(sqlc.narg(batch)::uuid)
    order by s.uuid, h.time, h.action, h.by
    on conflict do nothing
    returning uuid, action, by, time
)
select history_change(
    a.uuid, jsonb_agg(jsonb_build_object('action', a.action, 'by', a.by, 'time', a.time))
)::jsonb as change
from added as a
group by a.uuid;

-- name: RemoveHistory :execrows
-- Removes one entry; only administrators do.
delete from player_history
where uuid = sqlc.arg(uuid) and action = sqlc.arg(action) and by = sqlc.arg(by) and time = sqlc.arg(time);

-- name: HistoryBefore :many
-- The newest entries of a player that come before one.
select h.action, h.by, h.time
from player_history as h
where h.uuid = sqlc.arg(uuid)::text
  and h.time <= sqlc.arg(time)::timestamptz
  and (h.time, h.action collate "C", h.by collate "C")
    < (sqlc.arg(time)::timestamptz, sqlc.arg(action)::text collate "C", sqlc.arg(by)::text collate "C")
order by h.time desc, h.action collate "C" desc, h.by collate "C" desc
limit sqlc.arg(page_size);
