-- Four roles stand between people and rows. They are NOLOGIN groups: grant one
-- to each login that needs it. Roles belong to the whole cluster, so they may
-- exist already; creating them needs CREATEROLE.
--
-- The database should belong to playersync alone: whoever may connect may LISTEN.

-- +goose Up
set local lock_timeout = '5s';

-- +goose StatementBegin
do $$
declare
    missing record;
begin
    for missing in
        select role, description
        from (
            values
                ('playersync_owner', 'playersync: owns the schema; migrations run as a member of it'),
                (
                    'playersync_app',
                    'playersync: reads and writes rows, cannot alter the schema; for sidecars and moderators'
                ),
                (
                    'playersync_readonly',
                    'playersync: reads every table and view but secrets and the addresses of players; for dashboards'
                ),
                ('playersync_addresses', 'playersync: reads the addresses of players, besides playersync_readonly')
        ) as ours (role, description)
        where not exists (select from pg_roles where rolname = role)
    loop
        begin
            execute format('create role %I nologin', missing.role);
            execute format('comment on role %I is %L', missing.role, missing.description);
        exception
            when duplicate_object or unique_violation then
                null; -- another database of this cluster was migrated at the same moment
        end;
    end loop;
end
$$;
-- +goose StatementEnd

-- Since PostgreSQL 16 whoever creates a role administers it, but is not yet free
-- to act as it.

-- +goose StatementBegin
do $$
begin
    if not pg_has_role(
        current_user,
        'playersync_owner',
        case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end
    ) then
        execute format('grant playersync_owner to %I', current_user);
    end if;
exception
    when unique_violation then
        null; -- granted at the same moment in another database
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
do $$
begin
    execute format('revoke connect, temporary on database %I from public', current_database());
    execute format(
        'grant connect on database %I to playersync_owner, playersync_app, playersync_readonly',
        current_database()
    );
end
$$;
-- +goose StatementEnd

revoke create on schema public from public;
grant usage, create on schema public to playersync_owner;
grant usage on schema public to playersync_app, playersync_readonly;

-- The sidecar compares the schema's version with its own.
grant select on goose_db_version to playersync_owner, playersync_app, playersync_readonly;

-- Name search reads substrings.
create extension if not exists pg_trgm;

-- +goose Down
set local lock_timeout = '5s';
drop extension if exists pg_trgm;
revoke select on goose_db_version from playersync_owner, playersync_app, playersync_readonly;
revoke all on schema public from playersync_owner, playersync_app, playersync_readonly;

-- +goose StatementBegin
do $$
declare
    leftover text;
begin
    execute format(
        'revoke all on database %I from playersync_owner, playersync_app, playersync_readonly',
        current_database()
    );
    execute format('grant connect, temporary on database %I to public', current_database());
    foreach leftover in array array[
        'playersync_owner', 'playersync_app', 'playersync_readonly', 'playersync_addresses'
    ] loop
        begin
            execute format('drop role %I', leftover);
        exception
            when dependent_objects_still_exist or insufficient_privilege or undefined_object or object_in_use
                or internal_error -- of a database that uses it and is dropped at this moment
            then
                raise notice 'role % is left: another database or this login still uses it', leftover;
        end;
    end loop;
end
$$;
-- +goose StatementEnd
