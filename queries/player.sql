-- name: ReadPlayers :many
-- Those of the given players that exist, their history and balances, and the
-- snapshot they were read at.
select
    sqlc.embed(p),
    pg_current_snapshot()::text as snapshot,
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
    (
        select json_agg(json_build_object('c', b.currency, 'n', b.amount, 'r', b.revision))
        from balance as b
        where b.uuid = p.uuid
    )::json as balances
from player as p
where p.uuid = any(sqlc.arg(uuids)::text[]);

-- name: AnyPlayer :one
-- Whether one of the given players exists, and the snapshot that says so.
select
    pg_current_snapshot()::text as snapshot,
    exists (select from player as p where p.uuid = any(sqlc.arg(uuids)::text[])) as found;

-- name: CreatePlayers :exec
-- Inserts the players that do not exist yet. The trigger notifies, also inside a
-- transaction whose other writes do not. Those that exist are on the synchronous standby; see
-- AwaitStandby.
with begun as materialized (
    select set_config('syncer.notify', 'now', true), pg_logical_emit_message(true, 'playersync', '')
)
insert into player (uuid)
select wanted.uuid
from begun
cross join (select unnest(sqlc.arg(uuids)::text[]) as uuid) as wanted
order by wanted.uuid
on conflict (uuid) do nothing;

-- name: EditPlayer :one
-- Applies one edit, but for its history, to the current row. No row: the player
-- does not exist, or not at the expected revision. With offset 0 the edit is
-- applied once and not for each column.
with input as materialized (
    select
        sqlc.arg(edit)::jsonb as edit,
        set_config('syncer.notify', sqlc.arg(notify)::text, true),
        set_config('syncer.server', sqlc.arg(server)::text, true),
        set_config('syncer.by', sqlc.arg(by)::text, true)
)
update player as p
set (
    rank, flags, unmute_time, mute_reason, unmark_time, attributes,
    name, override_name, highlight, rainbow_speed, chat_strictness, show_rank_prefix, language, achievements,
    gamemodes, addresses
) = (
    select
        (e.edited).rank, (e.edited).flags, (e.edited).unmute_time, (e.edited).mute_reason, (e.edited).unmark_time,
        case when input.edit ? 'attributes' then (e.edited).attributes else p.attributes end,
        (e.edited).name, (e.edited).override_name, (e.edited).highlight, (e.edited).rainbow_speed,
        (e.edited).chat_strictness, (e.edited).show_rank_prefix, (e.edited).language, (e.edited).achievements,
        (e.edited).gamemodes, (e.edited).addresses
    from (select player_edited(p, input.edit) as edited offset 0) as e
)
from input
where p.uuid = sqlc.arg(uuid)::text
  and p.revision = coalesce(sqlc.narg(revision)::bigint, p.revision)
returning
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
    (case
        when p.revision <> (select q.revision from player as q where q.uuid = p.uuid) then player_change(p)
    end)::json as change;

-- name: StartBatch :execrows
-- Claims a batch of saves; no row if it was stored before, and is on the synchronous standby once
-- this is committed; see AwaitStandby.
with begun as materialized (
    select pg_logical_emit_message(true, 'playersync', '')
)
insert into save_batch (id)
select sqlc.arg(id)::uuid
from begun
on conflict (id) do nothing;

-- name: PartBatch :exec
-- Claims a batch of saves for a mark, which says that it is not stored as a whole, unless it is
-- stored. What it finds is on the synchronous standby once this is committed.
with begun as materialized (
    select pg_logical_emit_message(true, 'playersync', '')
),
claimed as (
    insert into save_batch (id)
    select sqlc.arg(id)::uuid
    from begun
    on conflict (id) do nothing
    returning id
)
insert into save_batch (id)
select sqlc.arg(parted)::uuid
from claimed
on conflict (id) do nothing;

-- name: IsBatchStored :one
select exists (select from save_batch where id = sqlc.arg(id)::uuid) as found;

-- name: SavePlayers :many
-- Applies one edit to each of many players in one statement. Rows are locked in
-- one order, so that batches of different sidecars cannot deadlock. Attributes that
-- no edit touches stay where they are, also outside the row if they are large. Writers say
-- by id who saves players through which server, where that is not the server given. With a
-- batch, all players are saved or none: none if one is missing, or if the batch was stored
-- before.
with notify as materialized (
    select
        set_config('syncer.notify', sqlc.arg(notify)::text, true),
        set_config('syncer.server', sqlc.arg(server)::text, true),
        set_config('syncer.writers', sqlc.arg(writers)::text, true)
),
target as materialized (
    select p.uuid, p.revision, s.edit ? 'attributes' as with_attributes, player_edited(p, s.edit) as edited
    from player as p
    join (
        select unnest(sqlc.arg(uuids)::text[]) as uuid, unnest(sqlc.arg(edits)::jsonb[]) as edit
    ) as s on s.uuid = p.uuid
    order by p.uuid
    for no key update of p
),
claimed as (
    insert into save_batch (id)
    select sqlc.narg(batch)::uuid
    where sqlc.narg(batch)::uuid is not null
      and (select count(*) from target) = cardinality(sqlc.arg(uuids)::text[])
    on conflict (id) do nothing
    returning id
)
update player as p
set rank = (target.edited).rank,
    flags = (target.edited).flags,
    unmute_time = (target.edited).unmute_time,
    mute_reason = (target.edited).mute_reason,
    unmark_time = (target.edited).unmark_time,
    attributes = case when target.with_attributes then (target.edited).attributes else p.attributes end,
    name = (target.edited).name,
    override_name = (target.edited).override_name,
    highlight = (target.edited).highlight,
    rainbow_speed = (target.edited).rainbow_speed,
    chat_strictness = (target.edited).chat_strictness,
    show_rank_prefix = (target.edited).show_rank_prefix,
    language = (target.edited).language,
    achievements = (target.edited).achievements,
    gamemodes = (target.edited).gamemodes,
    addresses = (target.edited).addresses
from target, notify
where p.uuid = target.uuid
  and (sqlc.narg(batch)::uuid is null or exists (select from claimed))
returning
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
    (case when p.revision <> target.revision then player_change(p) end)::json as change;

-- name: EditPlayers :many
-- Applies one edit, but for its history, to each of many players in one statement. Whoever is
-- not at the expected revision, 0 for any, or is locked by somebody else, has no row here: he
-- is left as he is, and nobody is waited for. Writers as for SavePlayers.
with notify as materialized (
    select
        set_config('syncer.notify', sqlc.arg(notify)::text, true),
        set_config('syncer.server', sqlc.arg(server)::text, true),
        set_config('syncer.by', sqlc.arg(by)::text, true),
        set_config('syncer.writers', sqlc.arg(writers)::text, true)
),
target as materialized (
    select p.uuid, p.revision, s.edit ? 'attributes' as with_attributes, player_edited(p, s.edit) as edited
    from player as p
    join (
        select
            unnest(sqlc.arg(uuids)::text[]) as uuid, unnest(sqlc.arg(edits)::jsonb[]) as edit,
            unnest(sqlc.arg(revisions)::bigint[]) as revision
    ) as s on s.uuid = p.uuid and p.revision = coalesce(nullif(s.revision, 0), p.revision)
    order by p.uuid
    for no key update of p skip locked
)
update player as p
set rank = (target.edited).rank,
    flags = (target.edited).flags,
    unmute_time = (target.edited).unmute_time,
    mute_reason = (target.edited).mute_reason,
    unmark_time = (target.edited).unmark_time,
    attributes = case when target.with_attributes then (target.edited).attributes else p.attributes end,
    name = (target.edited).name,
    override_name = (target.edited).override_name,
    highlight = (target.edited).highlight,
    rainbow_speed = (target.edited).rainbow_speed,
    chat_strictness = (target.edited).chat_strictness,
    show_rank_prefix = (target.edited).show_rank_prefix,
    language = (target.edited).language,
    achievements = (target.edited).achievements,
    gamemodes = (target.edited).gamemodes,
    addresses = (target.edited).addresses
from target, notify
where p.uuid = target.uuid
returning
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
    (case when p.revision <> target.revision then player_change(p) end)::json as change;

-- name: SearchPlayers :many
-- Players whose name contains a text, given as LIKE patterns with % and _
-- escaped. Those whose name begins with it come first, then by name and id; the
-- page begins after the given position.
select
    p.uuid,
    p.name,
    p.rank,
    lower(p.name)::text as sort_name,
    (lower(p.name) not like lower(sqlc.arg(prefix)::text))::boolean as inner_match
from player as p
where lower(p.name) like lower(sqlc.arg(pattern)::text)
  and (lower(p.name) not like lower(sqlc.arg(prefix)::text), lower(p.name) collate "C", p.uuid collate "C")
    > (sqlc.arg(after_inner)::boolean, sqlc.arg(after_name)::text collate "C", sqlc.arg(after_uuid)::text collate "C")
order by (lower(p.name) not like lower(sqlc.arg(prefix)::text)), lower(p.name) collate "C", p.uuid collate "C"
limit sqlc.arg(page_size);

-- name: ListPlayers :many
-- All players by name and id; the page begins after the given position.
select p.uuid, p.name, p.rank, lower(p.name)::text as sort_name
from player as p
where (lower(p.name) collate "C", p.uuid collate "C")
    > (sqlc.arg(after_name)::text collate "C", sqlc.arg(after_uuid)::text collate "C")
order by lower(p.name) collate "C", p.uuid collate "C"
limit sqlc.arg(page_size);
