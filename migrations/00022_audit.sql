-- Audit: who changed which important field of a player or which ban, when, from
-- what to what; and who made the audit forget.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

-- The defaults say who: sidecars set these settings for the statement that writes.

create table audit (
    id         bigint      generated always as identity,
    at         timestamptz not null default clock_timestamp(),
    entity     text        not null,
    uuid       text,
    ip         inet,
    ban        bigint,
    field      text        not null,
    old        jsonb,
    new        jsonb,
    changed_by text                 default left(nullif(current_setting('syncer.by', true), ''), 512),
    server     text                 default left(nullif(current_setting('syncer.server', true), ''), 64),
    role       text        not null default session_user,
    reverts    bigint               default nullif(current_setting('syncer.reverts', true), '')::bigint,
    constraint audit_pkey primary key (id),
    constraint audit_field_known check (
        entity = 'player' and ban is null and ip is null
            and field in (
                'row', 'table', 'rank', 'flags', 'unmuteTime', 'muteReason', 'unmarkTime', 'attributes', 'usid', 'kick'
            )
        or entity = 'ban' and field in ('row', 'table', 'target', 'reason', 'by', 'createdAt', 'expiresAt', 'lift')
        or entity = 'audit' and num_nonnulls(uuid, ip, ban) = 0 and field = 'pruned'
    ),
    constraint audit_changed_by_length check (length(changed_by) <= 512),
    constraint audit_server_length check (length(server) <= 64)
);

create index audit_at_idx on audit (at);
create index audit_uuid_idx on audit (uuid, id) where uuid is not null;
create index audit_ip_idx on audit (ip, id) where ip is not null;
create index audit_who_idx on audit (coalesce(changed_by, role), id);
create index audit_reverts_idx on audit (reverts) where reverts is not null;
create index audit_pruned_idx on audit (id) where entity = 'audit';
comment on table audit is
    'Changes of important fields of players, and of bans. Written by triggers only; audit_prune, which prunes, says so';
comment on column audit.id is 'Number; select audit_revert(id) restores what was before';
comment on column audit.at is 'When';
comment on column audit.entity is 'player, ban or audit';
comment on column audit.uuid is 'The player, or the banned player id';
comment on column audit.ip is 'The banned address or range';
comment on column audit.ban is 'ban.id; NULL for a player';
comment on column audit.field is
    'What, in the API''s words. rank, flags, unmuteTime, muteReason, unmarkTime, attributes (only the keys that '
    'changed), usid (addresses of game servers: those that had one, and those of them that have another), '
    'kick (the reason of a request to kick him) of a player; '
    'target, reason, by, createdAt, expiresAt, lift of a ban; row: all of it came or went; table: truncated; '
    'pruned: {before, keep, changes} of the audit, the changes that it forgot';
comment on column audit.old is 'The value before; NULL: none';
comment on column audit.new is 'The value after; NULL: none';
comment on column audit.changed_by is 'Who, as the caller of the API says; NULL: it did not say, or a change in psql';
comment on column audit.server is 'The game server whose sidecar wrote it; NULL: not a sidecar';
comment on column audit.role is 'The login that wrote it';
comment on column audit.reverts is 'audit.id of the change that this one takes back';
comment on index audit_who_idx is 'Finds who did it: the person, or the login if no person was named';
comment on index audit_pruned_idx is 'Finds who made the audit forget';

-- +goose StatementBegin
create function text_set_json(members text[]) returns jsonb
language plpgsql immutable
as $$
begin
    return (
        select coalesce(jsonb_agg(member order by member collate "C"), '[]')
        from unnest(members) as member
    );
end
$$;
comment on function text_set_json(text[]) is 'A set of text as JSON, in one order';
-- +goose StatementEnd

-- +goose StatementBegin
create function jsonb_members_unlike(object jsonb, other jsonb) returns jsonb
language plpgsql immutable
as $$
begin
    return (
        select coalesce(jsonb_object_agg(key, value), '{}')
        from jsonb_each(object)
        where other -> key is distinct from value
    );
end
$$;
comment on function jsonb_members_unlike(jsonb, jsonb) is
    'Those members of an object that another object has not, or has otherwise';
-- +goose StatementEnd

-- +goose StatementBegin
create function usids_replaced(was jsonb, now_is jsonb, out lost jsonb, out got jsonb)
language sql immutable
as $$
    select
        jsonb_agg(address order by address collate "C"),
        coalesce(
            jsonb_agg(address order by address collate "C")
                filter (where now_is -> address ->> 'usid' is not null),
            '[]'
        )
    from jsonb_each(was) as a (address, record)
    where record ->> 'usid' <> coalesce(now_is -> address ->> 'usid', '')
$$;
comment on function usids_replaced(jsonb, jsonb) is
    'The addresses in player.addresses whose usid is gone, NULL for none, and those of them that have another now';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_lift(b ban) returns jsonb
language sql stable
as $$
    select case
        when b.lifted_at is not null
            then jsonb_strip_nulls(jsonb_build_object('at', b.lifted_at, 'by', b.lifted_by, 'reason', b.lift_reason))
    end
$$;
comment on function ban_lift(ban) is 'The lift of a ban as audit keeps it; NULL while it is open';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_audited(b ban) returns jsonb
language sql stable
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'reason', b.reason,
        'by', b.banned_by,
        'createdAt', b.created_at,
        'expiresAt', b.expires_at,
        'lift', ban_lift(b)
    ))
$$;
comment on function ban_audited(ban) is 'A ban but for its target as audit keeps it';
-- +goose StatementEnd

-- Whose change is whose: a statement that stores the changes of several people tells it
-- beside them, in syncer.writers.

-- +goose StatementBegin
create function audit_by(writers jsonb, uuid text) returns text
language sql stable
as $$
    select left(coalesce(
        nullif(writers -> uuid ->> 'by', ''),
        nullif(current_setting('syncer.by', true), '')
    ), 512)
$$;
comment on function audit_by(jsonb, text) is
    'Who changes a player in this transaction: what writers say of the id, else syncer.by';
-- +goose StatementEnd

-- +goose StatementBegin
create function audit_server(writers jsonb, uuid text) returns text
language sql stable
as $$
    select left(coalesce(
        nullif(writers -> uuid ->> 'server', ''),
        nullif(current_setting('syncer.server', true), '')
    ), 64)
$$;
comment on function audit_server(jsonb, text) is
    'Name of the game server through which a player is changed in this transaction: what writers say of the id, '
    'else syncer.server';
-- +goose StatementEnd

-- The triggers. Each writes all that a statement changed at once: called row by row, they
-- would take most of its time. A full join is never a nested loop, whatever the number of
-- rows when it was planned; every row is on both sides. Times are written in UTC whatever
-- the session's zone.

-- +goose StatementBegin
create function player_insert_audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
declare
    writers constant jsonb := nullif(current_setting('syncer.writers', true), '');
begin
    insert into audit (entity, uuid, field, new, changed_by, server)
    select
        'player', p.uuid, 'row', player_synced(p)::jsonb, audit_by(writers, p.uuid), audit_server(writers, p.uuid)
    from changed_rows as p
    where p.rank <> 'player' or p.flags <> '{}' or p.unmute_time is not null
        or p.unmark_time is not null or p.attributes <> '{}'
        or current_setting('syncer.reverts', true) <> '';
    return null;
end
$$;
comment on function player_insert_audited() is 'Audit trigger. Players that come with more than defaults, or again';
-- +goose StatementEnd

-- +goose StatementBegin
create function player_update_audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
declare
    writers constant jsonb := nullif(current_setting('syncer.writers', true), '');
begin
    insert into audit (entity, uuid, field, old, new, changed_by, server)
    select 'player', n.uuid, f.field, f.old, f.new, audit_by(writers, n.uuid), audit_server(writers, n.uuid)
    from new_rows as n
    full join old_rows as o using (uuid)
    cross join lateral (
        select 'rank', to_jsonb(o.rank), to_jsonb(n.rank)
        where o.rank is distinct from n.rank
        union all
        select 'flags', text_set_json(o.flags), text_set_json(n.flags)
        where o.flags is distinct from n.flags
        union all
        select 'unmuteTime', to_jsonb(o.unmute_time), to_jsonb(n.unmute_time)
        where o.unmute_time is distinct from n.unmute_time
        union all
        select 'muteReason', to_jsonb(o.mute_reason), to_jsonb(n.mute_reason)
        where o.mute_reason is distinct from n.mute_reason
        union all
        select 'unmarkTime', to_jsonb(o.unmark_time), to_jsonb(n.unmark_time)
        where o.unmark_time is distinct from n.unmark_time
        union all
        select
            'attributes',
            jsonb_members_unlike(o.attributes, n.attributes),
            jsonb_members_unlike(n.attributes, o.attributes)
        where o.attributes is distinct from n.attributes
        union all
        select 'usid', r.lost, r.got
        from usids_replaced(o.addresses, n.addresses) as r
        where o.addresses is distinct from n.addresses and r.lost is not null
    ) as f (field, old, new)
    where (n.rank, n.flags, n.unmute_time, n.mute_reason, n.unmark_time, n.attributes, n.addresses)
        is distinct from (o.rank, o.flags, o.unmute_time, o.mute_reason, o.unmark_time, o.attributes, o.addresses)
      and (f.field = 'usid' or f.old is distinct from f.new); -- flags in another order are the same
    return null;
end
$$;
comment on function player_update_audited() is
    'Audit trigger. One row for each important field that changed, and for usids that were replaced; which is secret';
-- +goose StatementEnd

-- +goose StatementBegin
create function player_delete_audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
begin
    -- With what audit_revert needs; but no usids, which are secret.
    insert into audit (entity, uuid, field, old)
    select
        'player', p.uuid, 'row',
        player_synced(p)::jsonb || jsonb_build_object('gamemodes', p.gamemodes, 'createdAt', p.created_at)
    from changed_rows as p;
    return null;
end
$$;
comment on function player_delete_audited() is 'Audit trigger. Keeps deleted players but for usids and history';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_insert_audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
begin
    insert into audit (entity, uuid, ip, ban, field, new)
    select 'ban', b.uuid, b.ip, b.id, 'row', ban_audited(b)
    from changed_rows as b;
    return null;
end
$$;
comment on function ban_insert_audited() is 'Audit trigger. Bans that came';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_update_audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
begin
    insert into audit (entity, uuid, ip, ban, field, old, new)
    select 'ban', n.uuid, n.ip, n.id, f.field, f.old, f.new
    from new_rows as n
    full join old_rows as o using (id)
    cross join lateral (
        select
            'target',
            jsonb_strip_nulls(jsonb_build_object('uuid', o.uuid, 'ip', o.ip)),
            jsonb_strip_nulls(jsonb_build_object('uuid', n.uuid, 'ip', n.ip))
        where (o.uuid, o.ip) is distinct from (n.uuid, n.ip)
        union all
        select 'reason', to_jsonb(o.reason), to_jsonb(n.reason)
        where o.reason is distinct from n.reason
        union all
        select 'by', to_jsonb(o.banned_by), to_jsonb(n.banned_by)
        where o.banned_by is distinct from n.banned_by
        union all
        select 'createdAt', to_jsonb(o.created_at), to_jsonb(n.created_at)
        where o.created_at is distinct from n.created_at
        union all
        select 'expiresAt', to_jsonb(o.expires_at), to_jsonb(n.expires_at)
        where o.expires_at is distinct from n.expires_at
        union all
        select 'lift', ban_lift(o), ban_lift(n)
        where (o.lifted_at, o.lifted_by, o.lift_reason) is distinct from (n.lifted_at, n.lifted_by, n.lift_reason)
          -- Nobody lifts a ban that has expired: it is only closed.
          and not coalesce(
              o.lifted_at is null and n.lifted_by is null
                  and n.lifted_at = n.expires_at and n.expires_at <= now(),
              false
          )
    ) as f (field, old, new);
    return null;
end
$$;
comment on function ban_update_audited() is 'Audit trigger. One row for each field of a ban that changed';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_delete_audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
begin
    insert into audit (entity, uuid, ip, ban, field, old)
    select 'ban', b.uuid, b.ip, b.id, 'row', ban_audited(b)
    from changed_rows as b;
    return null;
end
$$;
comment on function ban_delete_audited() is 'Audit trigger. Bans that went';
-- +goose StatementEnd

-- +goose StatementBegin
create function truncate_audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    insert into audit (entity, field) values (tg_table_name, 'table');
    return null;
end
$$;
comment on function truncate_audited() is 'Audit trigger. That all rows went at once; which, nobody knows any more';
-- +goose StatementEnd

create trigger audit_insert after insert on player
    referencing new table as changed_rows for each statement execute function player_insert_audited();
create trigger audit_update after update on player
    referencing old table as old_rows new table as new_rows for each statement execute function player_update_audited();
create trigger audit_delete after delete on player
    referencing old table as changed_rows for each statement execute function player_delete_audited();
create trigger audit_truncate after truncate on player for each statement execute function truncate_audited();
create trigger audit_insert after insert on ban
    referencing new table as changed_rows for each statement execute function ban_insert_audited();
create trigger audit_update after update on ban
    referencing old table as old_rows new table as new_rows for each statement execute function ban_update_audited();
create trigger audit_delete after delete on ban
    referencing old table as changed_rows for each statement execute function ban_delete_audited();
create trigger audit_truncate after truncate on ban for each statement execute function truncate_audited();
alter table player enable always trigger audit_insert;
alter table player enable always trigger audit_update;
alter table player enable always trigger audit_delete;
alter table player enable always trigger audit_truncate;
alter table ban enable always trigger audit_insert;
alter table ban enable always trigger audit_update;
alter table ban enable always trigger audit_delete;
alter table ban enable always trigger audit_truncate;

create table audit_floor (
    singleton boolean  primary key default true,
    keep      interval not null default '365 days',
    constraint audit_floor_singleton check (singleton)
);
comment on table audit_floor is 'One row, for the owner to change: what nobody else may make the audit forget';
comment on column audit_floor.singleton is 'Always true; keeps the table at one row';
comment on column audit_floor.keep is 'Changes that are younger';

insert into audit_floor default values;

-- +goose StatementBegin
create function audit_prune(keep interval, most integer) returns bigint
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
declare
    cut   constant timestamptz := now() - keep;
    total bigint;
begin
    -- Intervals compare a month as 30 days: what counts is the moment they lead to.
    if keep is null or cut > now() - interval '1 day' then
        raise exception 'the last day of the audit is not forgotten'
            using errcode = 'invalid_parameter_value', hint = 'Give an interval of a day or more.';
    end if;
    if not pg_has_role(session_user, 'playersync_owner', 'member')
        and not exists (select from public.audit_floor as f where cut <= now() - f.keep)
    then
        raise exception 'only the owner makes the audit forget what is younger than audit_floor says'
            using errcode = 'insufficient_privilege',
                hint = format('As the owner: update audit_floor set keep = %L;', keep);
    end if;
    with pruned as (
        delete from public.audit
        where id = any(array(
            select id
            from public.audit
            where at < cut and (entity <> 'audit' or at < now() - interval '1 year')
            order by at
            limit most
            for update skip locked
        ))
        returning 1
    )
    select count(*) into total from pruned;
    if total = 0 then
        return 0;
    end if;
    -- Sidecars forget a little every hour: that is one entry a day.
    update public.audit
    set new = jsonb_build_object('before', cut, 'keep', keep, 'changes', (new ->> 'changes')::bigint + total)
    where id = (
        select max(id)
        from public.audit
        where entity = 'audit' and role = session_user and new ->> 'keep' = keep::text
    ) and at > now() - interval '1 day';
    if not found then
        insert into public.audit (entity, field, new)
        values ('audit', 'pruned', jsonb_build_object('before', cut, 'keep', keep, 'changes', total));
    end if;
    return total;
end
$$;
comment on function audit_prune(interval, integer) is
    'Forgets changes older than the interval, which is a day or more and, for all but the owner, what audit_floor '
    'says or more; at most so many; returns how many. The audit says who did, a year at least';
-- +goose StatementEnd

create view audit_log as
select
    id,
    at,
    coalesce(changed_by, role) as who,
    server,
    coalesce(uuid, ip::text) as target,
    concat_ws(
        ' ',
        entity, ban::text,
        case
            when field = 'table' then 'truncated'
            when field = 'row' and old is null then 'created'
            when field = 'row' then 'deleted'
            when field = 'lift' and new is not null then 'lifted'
            when field = 'lift' then 'reopened'
            else field
        end
    ) as what,
    old #>> '{}' as was,
    new #>> '{}' as is_now,
    role,
    reverts
from audit
order by id desc;
comment on view audit_log is 'The audit as people read it, newest first';
comment on column audit_log.id is 'audit.id; select audit_revert(id) takes the change back';
comment on column audit_log.at is 'When';
comment on column audit_log.who is 'The person if one was named, else the login';
comment on column audit_log.server is 'The game server whose sidecar wrote it; NULL: not a sidecar';
comment on column audit_log.target is 'The player id, address or range';
comment on column audit_log.what is 'The field that changed, or what happened to the row';
comment on column audit_log.was is 'The value before';
comment on column audit_log.is_now is 'The value after';
comment on column audit_log.role is 'The login that wrote it';
comment on column audit_log.reverts is 'The change that this one takes back';

revoke execute on function
    player_insert_audited(), player_update_audited(), player_delete_audited(), ban_insert_audited(),
    ban_update_audited(), ban_delete_audited(), truncate_audited()
from public;
revoke execute on function audit_prune(interval, integer) from public;
grant execute on function audit_prune(interval, integer) to playersync_app;
grant select on audit, audit_floor, audit_log to playersync_app, playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop trigger audit_insert on player;
drop trigger audit_update on player;
drop trigger audit_delete on player;
drop trigger audit_truncate on player;
drop trigger audit_insert on ban;
drop trigger audit_update on ban;
drop trigger audit_delete on ban;
drop trigger audit_truncate on ban;
drop view audit_log;
drop function audit_prune(interval, integer);
drop table audit_floor;
drop function truncate_audited();
drop function ban_delete_audited();
drop function ban_update_audited();
drop function ban_insert_audited();
drop function player_delete_audited();
drop function player_update_audited();
drop function player_insert_audited();
drop table audit;
drop function audit_server(jsonb, text);
drop function audit_by(jsonb, text);
drop function ban_audited(ban);
drop function ban_lift(ban);
drop function jsonb_members_unlike(jsonb, jsonb);
drop function usids_replaced(jsonb, jsonb);
drop function text_set_json(text[]);
