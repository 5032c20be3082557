-- name: Poll :one
-- One statement: where the feed is now, whether it can be trusted, and what
-- became visible since the last poll. The cursor is a snapshot, because
-- transactions become visible in another order than their ids. How much it reads does not
-- depend on how long a transaction has been open, nor on how much was recorded.
with here as materialized (
    select pg_current_snapshot() as snapshot, sqlc.arg(cursor)::text::pg_snapshot as cursor
),
recorded as materialized (
    select c.entity, c.key, c.xid, c.at
    from here
    cross join lateral (
        (
            select b.entity, b.key, b.xid, b.at
            from change as b
            where b.xid >= pg_snapshot_xmax(here.cursor)
            order by b.xid -- by the index
        )
        union all
        select i.entity, i.key, i.xid, i.at -- of what was in progress then
        from pg_snapshot_xip(here.cursor) as open (xid)
        cross join lateral (
            select *
            from change
            where xid = open.xid
            order by xid
            limit 4 * sqlc.arg(most)::integer
        ) as i
    ) as c
    where pg_visible_in_snapshot(c.xid, here.snapshot)
    limit 4 * sqlc.arg(most)::integer
)
select
    here.snapshot::text as snapshot,
    clock_timestamp()::timestamptz as now,
    pg_is_in_recovery() as in_recovery,
    concat_ws(
        '/',
        feed_home(),
        case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8) end,
        -- Differs after a crash, which may assign transaction ids a second time.
        extract(epoch from pg_stat_get_bgwriter_stat_reset_time()),
        feed.epoch
    )::text as epoch,
    extract(epoch from pg_postmaster_start_time())::text as started,
    (feed.home = feed_home())::boolean as same_database,
    feed.floor::xid8 as floor,
    exists (select from pg_listening_channels() as channel where channel = 'playersync')::boolean as listening,
    triggers.signature::text as trigger_signature,
    triggers.enabled::integer as triggers_enabled,
    pg_notification_queue_usage()::float8 as queue_usage,
    coalesce((
        select extract(epoch from clock_timestamp() - at) from change order by xid limit 1
    ), 0)::float8 as oldest_seconds,
    coalesce((
        select json_agg(json_build_object(
            'e', c.entity, 'k', c.key, 'x', c.xid::text::bigint, 't', (extract(epoch from c.at) * 1000000)::bigint
        ))
        from (
            select entity, key, xid, min(at) as at
            from recorded
            group by entity, key, xid
            limit sqlc.arg(most)::integer
        ) as c
    ), '[]')::json as changes,
    ((select count(*) from recorded) >= 4 * sqlc.arg(most)::integer)::boolean as overflow
from here
cross join feed
cross join lateral (
    select
        string_agg(concat_ws(' ', tgrelid, oid, xmin, tgenabled), ',' order by oid) as signature,
        count(*) filter (where tgenabled = 'A') as enabled
    from pg_catalog.pg_trigger
    where tgname like 'feed\_%'
      and tgrelid in (select c.oid from pg_catalog.pg_class as c where c.relname in (
          'change', 'player', 'player_history', 'ban', 'staff_message',
          'antibot_pattern', 'blacklisted_address', 'mod_log', 'session', 'balance', 'kick'
      ) and c.relnamespace = 'public'::regnamespace)
) as triggers;

-- name: Snapshot :one
-- The snapshot of the running transaction.
select pg_current_snapshot()::text as snapshot;

-- name: OpenBans :many
-- The bans of the given targets that are open, expired or not, and the snapshot.
select b.uuid, b.ip, b.expires_at, b.revision
from ban as b
where b.lifted_at is null
  and (b.uuid = any(sqlc.arg(uuids)::text[]) or b.ip = any(sqlc.arg(ips)::inet[]));

-- name: PlayerSizes :many
-- About how many bytes are stored of each of the given players.
select
    p.uuid,
    (pg_column_size(p.attributes) + pg_column_size(p.gamemodes) + pg_column_size(p.addresses))::bigint as size
from player as p
where p.uuid = any(sqlc.arg(uuids)::text[]);

-- name: Settle :one
-- Forgets transaction ids that came inside a dump; true if there were any.
select feed_settle() as settled;

-- name: Notify :exec
-- Sends changes that a quiet write left unsent. It does not wait for the disk:
-- a notification that is lost with the server is found by the poll.
select set_config('synchronous_commit', 'off', true), feed_notify(sqlc.arg(changes)::jsonb[]);

-- name: AwaitStandby :exec
-- Commits a message that says nothing, and so waits for the synchronous standby as every commit
-- of something does. Others have committed what this transaction sees, but a session that ended while it
-- waited left it where the standby may lack it: who finds his write done must not be told yet.
select pg_logical_emit_message(true, 'playersync', '');

-- name: FreeNotifications :exec
-- Frees what everybody has read of the server's queue of notifications.
select pg_notification_queue_usage();

-- name: FeedKey :one
-- The secret that signs notifications.
select key from feed_key;

-- name: PruneChanges :one
-- Deletes some of the changes older than the interval.
select feed_prune(sqlc.arg(keep), sqlc.arg(most)) as pruned;

-- name: PruneBatches :one
-- Forgets some of the batches that nobody can send again.
select save_batch_prune(sqlc.arg(most)) as pruned;
