-- name: CheckServer :one
-- What syncer check wants to know of the server; also answers without a schema.
select
    current_setting('server_version_num')::integer as version_number,
    current_setting('server_version')::text as version,
    pg_is_in_recovery()::boolean as in_recovery,
    clock_timestamp()::timestamptz as now,
    pg_backend_pid()::integer as backend,
    pg_notification_queue_usage()::float8 as queue_usage,
    has_database_privilege('public', current_database(), 'connect')::boolean as public_may_connect;

-- name: CheckPrivileges :one
-- What this login lacks of the rights that a sidecar needs, and whether it could
-- alter the schema.
select
    session_user::text as login,
    coalesce((
        select array_agg(needed.privilege || ' on ' || needed.relation)
        from (
            select relation, privilege
            from
                unnest(array[
                    'player', 'player_history', 'ban', 'ban_note', 'server',
                    'staff_message', 'staff_delivery', 'antibot_pattern', 'blacklisted_address',
                    'mod_log', 'usid_rejection',
                    'player_visit', 'player_name', 'player_address', 'player_count',
                    'map_run_current', 'map_run',
                    'server_lease', 'session', 'last_seen',
                    'currency', 'balance'
                ]) as relation,
                unnest(array['select', 'insert', 'update', 'delete']) as privilege
            union all
            values
                ('change', 'select'), ('feed', 'select'), ('feed_key', 'select'),
                ('save_batch', 'select'), ('save_batch', 'insert'),
                ('kick', 'select'), ('kick', 'insert'), ('kick', 'delete'),
                ('audit', 'select'), ('ledger', 'select'), ('goose_db_version', 'select')
        ) as needed (relation, privilege)
        where not coalesce(has_table_privilege(to_regclass('public.' || needed.relation), needed.privilege), false)
    ), '{}')::text[] as missing,
    coalesce((
        select pg_has_role(c.relowner, 'member')
        from pg_catalog.pg_class as c
        where c.oid = to_regclass('public.player')
    ), false)::boolean as may_alter;

-- name: CheckNotify :exec
-- Sends one notification on a channel of the caller's own.
select pg_notify(sqlc.arg(channel)::text, sqlc.arg(payload)::text);

-- name: Now :one
-- The database's clock.
select clock_timestamp()::timestamptz as now;
