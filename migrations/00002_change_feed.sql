-- The change feed: every committed change of a cached row leaves a row in change,
-- read by a cursor that cannot skip, and usually a notification that makes it fast.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create sequence revision;
comment on sequence revision is
    'Source of player.revision and ban.revision: within one row, higher is newer, also after a delete and insert';

create table change (
    xid    xid8        not null default pg_current_xact_id(),
    entity text        not null,
    key    text,
    at     timestamptz not null default clock_timestamp(),
    constraint change_entity_known check (
        entity in (
            'player', 'ban', 'staff_message', 'antibot_pattern', 'blacklisted_address', 'mod_log', 'balance',
            'session', 'kick'
        )
    )
);
create index change_xid_idx on change (xid);
comment on table change is
    'What changed, by which transaction; written by the feed_* triggers, read by sidecars, pruned by feed_prune';
comment on column change.xid is 'Transaction that made the change; a sidecar reads the rows its snapshot has not seen';
comment on column change.entity is 'The table that changed, where player includes player_history';
comment on column change.key is
    'player.uuid, ban_target(uuid, ip), staff_message.id, blacklisted_address.address, '
    'mod_log.id, balance.uuid, session.server and uuid with a tab between, or kick.id; NULL means the whole table';
comment on column change.at is 'Shortly before the commit, by this server''s clock';

create table feed (
    singleton boolean primary key default true,
    epoch     uuid    not null default gen_random_uuid(),
    floor     xid8    not null default '0',
    home      text    not null,
    constraint feed_singleton check (singleton)
);
comment on table feed is 'One row: the identity of this change feed and how far back it reaches';
comment on column feed.singleton is 'Always true; keeps the table at one row';
comment on column feed.epoch is 'Part of the epoch by which sidecars notice that they face another database';
comment on column feed.floor is
    'Changes of transactions below it are gone; a cursor that may need them reloads in full';
comment on column feed.home is
    'system identifier/database oid in which change.xid and floor mean something; see feed_settle';

-- +goose StatementBegin
create function feed_home() returns text
language sql stable
as $$
    select s.system_identifier::text || '/' || d.oid::text
    from pg_control_system() as s, pg_database as d
    where d.datname = current_database()
$$;
comment on function feed_home() is 'Where transaction ids of this database come from: system identifier/database oid';
-- +goose StatementEnd

insert into feed (home) values (feed_home());

-- Everyone who may connect may notify. Only who may read the key can sign what sidecars
-- take for true. HMAC is computed from two pads, which are kept ready.

-- +goose StatementBegin
create function hmac_pad(key bytea, filler integer) returns bytea
language plpgsql immutable strict
as $$
declare
    pad bytea := decode(repeat(lpad(to_hex(filler), 2, '0'), 64), 'hex');
begin
    for i in 0 .. octet_length(key) - 1 loop
        pad := set_byte(pad, i, get_byte(key, i) # filler);
    end loop;
    return pad;
end
$$;
comment on function hmac_pad(bytea, integer) is
    'One of the two pads that HMAC-SHA-256 (RFC 2104) hashes before the text: filler is 54 inside, 92 outside';
-- +goose StatementEnd

-- +goose StatementBegin
create function random_key() returns bytea
language sql volatile
as $$
    select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
$$;
comment on function random_key() is '32 bytes that nobody can guess';
-- +goose StatementEnd

create table feed_key (
    singleton boolean primary key default true,
    key       bytea   not null default random_key(),
    inner_pad bytea   generated always as (hmac_pad(key, 54)) stored,
    outer_pad bytea   generated always as (hmac_pad(key, 92)) stored,
    constraint feed_key_singleton check (singleton),
    constraint feed_key_length check (octet_length(key) = 32)
);
comment on table feed_key is 'One row: the secret that signs notifications; not for playersync_readonly';
comment on column feed_key.singleton is 'Always true; keeps the table at one row';
comment on column feed_key.key is 'Of HMAC-SHA-256; replaced by feed_rotate_key()';
comment on column feed_key.inner_pad is 'The key XOR 54, 64 bytes';
comment on column feed_key.outer_pad is 'The key XOR 92, 64 bytes';

insert into feed_key default values;

-- +goose StatementBegin
create function feed_rotate_key() returns void
language sql
as $$
    update public.feed_key set key = public.random_key()
$$;
comment on function feed_rotate_key() is
    'For the owner: replaces the key that signs notifications. Sidecars read it by themselves';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_send(message text) returns void
language plpgsql
as $$
declare
    pads public.feed_key;
begin
    select * into pads from public.feed_key;
    perform pg_notify(
        'playersync',
        left(encode(sha256(pads.outer_pad || sha256(pads.inner_pad || convert_to(message, 'UTF8'))), 'hex'), 32)
            || message
    );
end
$$;
comment on function feed_send(text) is
    'Notifies on channel playersync: the first 16 bytes, in hex, of the message''s HMAC-SHA-256, and the message';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_settle() returns boolean
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    update public.feed
    set epoch = gen_random_uuid(), floor = '0', home = public.feed_home()
    where home <> public.feed_home();
    if found then
        delete from public.change;
        perform public.feed_rotate_key();
        return true;
    end if;
    return false;
end
$$;
comment on function feed_settle() is
    'Forgets transaction ids that came here inside a dump of another database; true if there were any';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_notify(changes jsonb[]) returns void
language plpgsql
as $$
declare
    message text := '';
    item    jsonb;
    piece   text;
begin
    foreach item in array changes loop
        piece := item::text;
        if octet_length(piece) > 7900 then
            piece := (item - array['p', 'h', 'l'])::text; -- too large to travel: the key must do
        end if;
        if message <> '' and octet_length(message) + octet_length(piece) > 7900 then
            perform feed_send('[' || message || ']');
            message := '';
        end if;
        message := concat_ws(',', nullif(message, ''), piece);
    end loop;
    if message <> '' then
        perform feed_send('[' || message || ']');
    end if;
end
$$;
comment on function feed_notify(jsonb[]) is
    'Sends changes as few messages below 8000 bytes on channel '
    'playersync; rows that are too large shrink to their keys';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_limit() returns integer
language sql immutable parallel safe
as $$
    select 1000
$$;
comment on function feed_limit() is
    'How many changes of one statement are recorded one by one; more are one change of the whole table';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_publish(changes jsonb[]) returns void
language plpgsql
as $$
begin
    if cardinality(changes) > feed_limit() then
        changes := array[feed_change(changes[1] ->> 'e', null)];
    end if;
    insert into change (entity, key)
    select item ->> 'e', item ->> 'k'
    from unnest(changes) as item;
    if current_setting('syncer.notify', true) = 'later' then
        return;
    end if;
    perform feed_notify(changes);
end
$$;
comment on function feed_publish(jsonb[]) is
    'Records changes and notifies of them; more than feed_limit() become one change of the whole table. A '
    'session that sets syncer.notify to ''later'' sends the notification itself, after its commit';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_change(entity text, key text) returns jsonb
language sql volatile
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'e', entity,
        'k', key,
        'x', pg_current_xact_id()::text::bigint,
        't', (extract(epoch from clock_timestamp()) * 1000000)::bigint
    ))
$$;
comment on function feed_change(text, text) is
    'A change as it travels: e entity, k key (absent: whole table), x transaction, t microseconds since 1970';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_prune(keep interval, most integer default 20000) returns bigint
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    pruned  bigint;
begin
    -- Intervals compare a month as 30 days: what counts is the moment they lead to.
    if keep is null or now() - keep > now() - interval '1 minute' then
        raise exception 'the last minute of changes is not forgotten'
            using errcode = 'invalid_parameter_value', hint = 'Give an interval of a minute or more.';
    end if;
    perform from public.feed for no key update skip locked;
    if not found then
        return 0; -- somebody else prunes
    end if;
    -- Transactions below the horizon have all ended: nothing can still arrive there.
    -- Of the oldest changes, as many as are to go, the first one that is too young; else behind the last.
    horizon := least(horizon, coalesce((
        select xid
        from (select xid, at from public.change order by xid limit greatest(most, 1)) as oldest
        where at >= clock_timestamp() - keep
        order by xid
        limit 1
    ), (
        select (xid::text::bigint + 1)::text::xid8
        from (select xid from public.change order by xid limit greatest(most, 1)) as oldest
        order by xid desc
        limit 1
    )));
    -- The floor rises no further than past the newest change deleted: a cursor
    -- beyond that has missed nothing.
    update public.feed
    set floor = c.past
    from (
        select (xid::text::bigint + 1)::text::xid8 as past
        from public.change
        where xid < horizon
        order by xid desc
        limit 1
    ) as c
    where floor < c.past;
    delete from public.change where xid < horizon;
    get diagnostics pruned = row_count;
    return pruned;
end
$$;
comment on function feed_prune(interval, integer) is
    'Deletes about that many changes older than the interval, which is a minute or more, the oldest, and '
    'moves feed.floor past them, in one transaction; returns how many';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_changes_lost() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        if not exists (select from lost_rows where xid >= (select floor from public.feed)) then
            return null; -- feed_prune has moved the floor past them
        end if;
    end if;
    update public.feed set epoch = gen_random_uuid();
    return null;
end
$$;
comment on function feed_changes_lost() is
    'Feed trigger. Changes at or above feed.floor were deleted, which a cursor may still need: a new epoch makes '
    'sidecars read everything';
-- +goose StatementEnd

create trigger feed_delete after delete on change
referencing old table as lost_rows
for each statement execute function feed_changes_lost();
create trigger feed_truncate after truncate on change
for each statement execute function feed_changes_lost();
alter table change enable always trigger feed_delete;
alter table change enable always trigger feed_truncate;

-- The triggers that tables of the feed have in common.

-- +goose StatementBegin
create function feed_truncated() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    perform feed_publish(array[feed_change(tg_argv[0], null)]);
    return null;
end
$$;
comment on function feed_truncated() is 'Feed trigger. Its argument names the entity of which everything changed';
-- +goose StatementEnd

-- +goose StatementBegin
create function feed_table_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    if exists (select from changed_rows) then
        perform feed_publish(array[feed_change(tg_table_name, null)]);
    end if;
    return null;
end
$$;
comment on function feed_table_changed() is
    'Feed trigger of tables that are small or rarely change: all of it is read again';
-- +goose StatementEnd

-- Every login may take advisory locks and keep them; a row only who may write it.

create table turn (
    name text primary key
);
comment on table turn is 'What one transaction at a time may do: it locks the row until it ends';
comment on column turn.name is 'What, after the table that is written';

-- +goose StatementBegin
create function take_turn(name text) returns void
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set lock_timeout = '1s'
as $$
begin
    perform from public.turn as t where t.name = take_turn.name for no key update;
end
$$;
comment on function take_turn(text) is
    'Waits until no other transaction has this turn, at most a second, and has it then';
-- +goose StatementEnd

-- +goose StatementBegin
create function write_in_turn() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    perform take_turn(tg_argv[0]);
    return null;
end
$$;
comment on function write_in_turn() is
    'Lets one transaction at a time write, so that numbers drawn for rows have the order of the '
    'commits and nobody waits in a circle. Its argument names the turn';
-- +goose StatementEnd

revoke execute on function feed_truncated(), feed_table_changed(), feed_changes_lost(), write_in_turn() from public;
revoke execute on function
    feed_settle(), feed_prune(interval, integer), feed_publish(jsonb[]), feed_rotate_key(), take_turn(text)
from public;
grant execute on function feed_settle(), feed_prune(interval, integer), take_turn(text) to playersync_app;
grant select on turn to playersync_app, playersync_readonly;
grant select on change, feed to playersync_app, playersync_readonly;
grant select on feed_key to playersync_app;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function write_in_turn();
drop function take_turn(text);
drop table turn;
drop function feed_table_changed();
drop function feed_truncated();
drop function feed_prune(interval, integer);
drop function feed_change(text, text);
drop function feed_publish(jsonb[]);
drop function feed_limit();
drop function feed_notify(jsonb[]);
drop function feed_settle();
drop function feed_send(text);
drop function feed_rotate_key();
drop table feed_key;
drop function random_key();
drop function hmac_pad(bytea, integer);
drop table feed;
drop function feed_home();
drop table change;
drop function feed_changes_lost();
drop sequence revision;
