-- Players: one row each, edited by sidecars and by hand.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

-- A function in SQL that is not inlined is planned again by each statement that
-- calls it, one of a CHECK even where its argument is NULL; one in PL/pgSQL once per
-- session.

-- +goose StatementBegin
create function is_text_set(members text[]) returns boolean
language plpgsql immutable
as $$
declare
    member text;
begin
    if coalesce(array_ndims(members), 0) = 0 then
        return true;
    elsif array_ndims(members) > 1 then
        return false;
    elsif cardinality(members) > 16 then -- too many to look for each among all
        return (
            select count(*) filter (where m is null or length(m) not between 1 and 64) = 0
               and count(*) = count(distinct m)
            from unnest(members) as m
        );
    end if;
    foreach member in array members loop
        if member is null
            or length(member) not between 1 and 64
            or cardinality(array_positions(members, member)) > 1
        then
            return false;
        end if;
    end loop;
    return true;
end
$$;
comment on function is_text_set(text[]) is
    'Whether an array is a set: one dimension, no NULL, no duplicate, members of 1 to 64 characters';
-- +goose StatementEnd

-- +goose StatementBegin
create function is_bit_set(words text) returns boolean
language plpgsql immutable strict
as $$
begin
    return (
        select bool_and(word between -9223372036854775808 and 9223372036854775807)
        from unnest(string_to_array(btrim(words, '[]'), ',')::numeric[]) as word
    );
end
$$;
comment on function is_bit_set(text) is 'Whether each number of [word,word,…] fits into 64 bits';
-- +goose StatementEnd

-- A UUID has one spelling, as in syncer.ParsePlayerID: lower case, with dashes.

-- +goose StatementBegin
create function spelled_id(id text) returns text
language plpgsql
immutable
strict
as $$
begin
    if id ~* '^([0-9a-f]{32}|(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$'
        or id ~* '^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$'
    then
        return right(regexp_replace(lower(id), '[^0-9a-f]', '', 'g'), 32)::uuid::text;
    end if;
    return id;
end
$$;
comment on function spelled_id(text) is
    'The one spelling of a player id that is a UUID in capitals, without dashes, in braces or as a URN; else the id';

create function spell_uuid() returns trigger
language plpgsql
as $$
begin
    new.uuid := public.spelled_id(new.uuid);
    return new;
end
$$;
comment on function spell_uuid() is 'Gives a player id its one spelling';
-- +goose StatementEnd

create table player (
    uuid             text        not null,

    rank             text        not null default 'player',
    flags            text[]      not null default '{}',
    unmute_time      timestamptz,
    mute_reason      text        not null default '',
    unmark_time      timestamptz,
    attributes       jsonb       not null default '{}',

    name             text        not null default '',
    override_name    text,
    highlight        text,
    rainbow_speed    integer,
    chat_strictness  text        not null default 'chat',
    show_rank_prefix boolean     not null default true,
    language         text        not null default '',
    achievements     text,

    gamemodes        jsonb       not null default '{}',
    addresses        jsonb       not null default '{}',

    revision         bigint      not null default nextval('revision'),
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),

    constraint player_pkey primary key (uuid),
    constraint player_uuid_form check (length(uuid) between 1 and 64 and uuid !~ '[[:cntrl:]]|^ | $'),
    constraint player_rank_form check (length(rank) between 1 and 64 and rank !~ '[[:cntrl:]]'),
    constraint player_flags_set check (cardinality(flags) = 0 or (cardinality(flags) <= 1024 and is_text_set(flags))),
    constraint player_unmute_time_range check (
        unmute_time = 'infinity'
        or unmute_time between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint player_mute_reason_length check (length(mute_reason) <= 512),
    constraint player_mute_reason_complete check (mute_reason = '' or unmute_time is not null),
    constraint player_unmark_time_range check (
        unmark_time = 'infinity'
        or unmark_time between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint player_attributes_form check (
        jsonb_typeof(attributes) = 'object'
        and pg_column_size(attributes) <= 1048576
        and not attributes @? 'strict $.**{65}' -- deeper than the API lets in; readers of JSON give up somewhere
    ),
    constraint player_name_length check (length(name) <= 512),
    constraint player_override_name_length check (length(override_name) <= 512),
    constraint player_highlight_length check (length(highlight) <= 512),
    constraint player_rainbow_speed_range check (rainbow_speed between 1 and 1000),
    constraint player_chat_strictness_known check (chat_strictness in ('chat', 'strict')),
    constraint player_language_length check (length(language) <= 64),
    constraint player_achievements_form check (
        achievements ~ '^\[-?[0-9]{1,19}(, ?-?[0-9]{1,19})*\]$'
        and length(achievements) <= 65536
        and (achievements !~ '[0-9]{19}' or is_bit_set(achievements))
    ),
    constraint player_gamemodes_form check (
        jsonb_typeof(gamemodes) = 'object'
        and not gamemodes @? 'strict $.* ? (@.type() != "object")'
        and not gamemodes @? 'strict $.*.keyvalue() ? (!(
            @.key == "stats" && @.value.type() == "object"
            || (@.key == "firstJoined" || @.key == "lastJoined") && @.value.type() == "number"
                && @.value >= -62135596800000 && @.value <= 253402300799999
        ))'
        and not gamemodes @? 'strict $.*.keyvalue() ? (@.key == "stats").value.keyvalue() ? (!(
            @.value.type() == "number" && @.value.abs() <= 9007199254740991
        ))'
        and gamemodes::text !~ '(^|[^\\])(\\\\)*": -?[0-9]+\.' -- no fraction, not even .0
        and pg_column_size(gamemodes) <= 1048576
    ),
    constraint player_addresses_form check (
        jsonb_typeof(addresses) = 'object'
        and not addresses @? 'strict $.* ? (@.type() != "object")'
        and not addresses @? 'strict $.*.keyvalue() ? (!(
            @.key == "usid" && (@.value.type() == "string" || @.value.type() == "null")
        ))'
        and pg_column_size(addresses) <= 1048576
    ),
    constraint player_created_at_range check (created_at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00')
) with (fillfactor = 90); -- room for updates beside the old row version, without touching an index
create index player_name_idx on player using gin (lower(name) gin_trgm_ops);
create index player_name_uuid_idx on player ((lower(name) collate "C"), (uuid collate "C"));
comment on table player is
    'Players, the same on every server. Edit rows by hand freely: triggers tell every sidecar within milliseconds';
comment on column player.uuid is 'Opaque id of 1 to 64 printable characters, no space at its ends; never changes';
comment on column player.rank is 'Important. Any text; "player" for nobody in particular';
comment on column player.flags is 'Important. A set of text; add with array_append, remove with array_remove';
comment on column player.unmute_time is 'Important. Muted until then; NULL not muted; infinity for ever';
comment on column player.mute_reason is 'Important. Why the player is muted; empty for no reason. Goes with the mute';
comment on column player.unmark_time is 'Important. Marked (stopped) until then; NULL not marked; infinity for ever';
comment on column player.attributes is 'Important. JSON object with one key per plugin: what other games store';
comment on column player.name is 'Unimportant. Current name, colour tags included';
comment on column player.override_name is 'Unimportant. Name that staff gave in place of the player''s own';
comment on column player.highlight is 'Unimportant. Colour markup of chat messages';
comment on column player.rainbow_speed is 'Unimportant. Speed of the rainbow name; NULL for none';
comment on column player.chat_strictness is 'Unimportant. chat or strict';
comment on column player.show_rank_prefix is 'Unimportant. Whether the rank stands before the name';
comment on column player.language is 'Unimportant. Language code, or empty';
comment on column player.achievements is
    'Unimportant. Unlocked bits as signed 64-bit words, e.g. [12,-1]; servers only add bits';
comment on column player.gamemodes is
    'Unsynced. {gamemode: {"firstJoined": ms, "lastJoined": ms, '
    '"stats": {counter: n}}}; each server sees its own entry';
comment on column player.addresses is
    'Unsynced. {"ip:port" of the game server: {"usid": text}}; '
    'each server sees its own entry. Usids prove identities: secret, not for playersync_readonly';
comment on column player.revision is
    'Newer state, higher number. Set by a trigger when anything but the unsynced columns changes';
comment on column player.created_at is 'When the row was made';
comment on column player.updated_at is 'When the row was last written, by a trigger';

-- What the row's own triggers keep right, also for edits by hand.

-- +goose StatementBegin
create function player_before_update() returns trigger
language plpgsql
as $$
begin
    if new.uuid <> old.uuid then
        raise exception 'player.uuid is immutable: cannot change % to %', old.uuid, new.uuid
            using errcode = 'integrity_constraint_violation',
                constraint = 'player_uuid_immutable', column = 'uuid', table = 'player';
    end if;
    new.updated_at := clock_timestamp();
    new.revision := old.revision;
    if new.unmute_time is null and old.unmute_time is not null then
        new.mute_reason := '';
    end if;
    -- Column by column: whole rows could only be compared with large attributes fetched, which
    -- would then be stored anew.
    if (
        new.rank, new.flags, new.unmute_time, new.mute_reason, new.unmark_time, new.attributes,
        new.name, new.override_name, new.highlight, new.rainbow_speed, new.chat_strictness,
        new.show_rank_prefix, new.language, new.achievements
    ) is distinct from (
        old.rank, old.flags, old.unmute_time, old.mute_reason, old.unmark_time, old.attributes,
        old.name, old.override_name, old.highlight, old.rainbow_speed, old.chat_strictness,
        old.show_rank_prefix, old.language, old.achievements
    ) then
        new.revision := nextval('public.revision');
    end if;
    return new;
end
$$;
comment on function player_before_update() is
    'Keeps uuid fixed, ends a reason with its mute, and sets revision and updated_at';
-- +goose StatementEnd

create trigger player_uuid_spelling before insert on player
    for each row when (length(new.uuid) >= 32) execute function spell_uuid();
create trigger player_before_update before update on player for each row execute function player_before_update();
alter table player enable always trigger player_uuid_spelling;
alter table player enable always trigger player_before_update;

-- What is told to the sidecars. It is built as text, for which the writer waits
-- half as long as for jsonb.

-- +goose StatementBegin
create function player_synced(p player) returns json
language sql stable
as $$
    select json_build_object(
        'rank', p.rank,
        'flags', p.flags,
        'unmuteTime', p.unmute_time,
        'muteReason', p.mute_reason,
        'unmarkTime', p.unmark_time,
        'attributes', p.attributes,
        'name', p.name,
        'overrideName', p.override_name,
        'highlight', p.highlight,
        'rainbow', case when p.rainbow_speed is not null then json_build_object('speed', p.rainbow_speed) end,
        'chatStrictness', p.chat_strictness,
        'showRankPrefix', p.show_rank_prefix,
        'language', p.language,
        'achievements', p.achievements
    )
$$;
comment on function player_synced(player) is
    'The part of a player that every server sees alike, as it travels in notifications';
-- +goose StatementEnd

-- +goose StatementBegin
create function player_change(p player) returns json
language sql volatile
as $$
    select json_build_object(
        'e', 'player',
        'k', p.uuid,
        'x', pg_current_xact_id()::text::bigint,
        't', (extract(epoch from clock_timestamp()) * 1000000)::bigint,
        'r', p.revision,
        'p', player_synced(p)
    )
$$;
comment on function player_change(player) is
    'An updated player as it travels: like feed_change, with r revision and p player_synced';
-- +goose StatementEnd

-- A cached plan for few rows must not be quadratic on many: a full join never is a
-- nested loop. Every row is on both sides, as uuid never changes.

-- +goose StatementBegin
create function player_updated() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    mode    constant text := coalesce(current_setting('syncer.notify', true), '');
    uuid    text;
    uuids   text[];
    change  json;
    changes jsonb[];
begin
    if mode = 'later' then -- the writer notifies: all that is left is to record
        insert into change (entity, key)
        select 'player', n.uuid
        from new_rows as n
        cross join old_rows as o
        where not exists (select from new_rows offset 1)
          and n.revision <> o.revision;
    else
        select
            n.uuid,
            case when n.revision <> o.revision then player_change(n) else feed_change('player', n.uuid)::json end
        into uuid, change
        from new_rows as n
        cross join old_rows as o
        where not exists (select from new_rows offset 1)
          and (
              n.revision <> o.revision
              or mode = '' and (n.gamemodes, n.addresses) is distinct from (o.gamemodes, o.addresses)
          );
        if found then
            insert into change (entity, key) values ('player', uuid); -- what feed_publish does, without the packing
            if octet_length(change::text) <= 7900 then
                perform feed_send('[' || change || ']');
            else
                perform feed_notify(array[change::jsonb]);
            end if;
        end if;
    end if;
    if found then
        return null;
    elsif not exists (select from new_rows offset 1) then
        return null;
    elsif mode = 'later' then
        select array_agg(c.uuid) into uuids
        from (
            select n.uuid
            from new_rows as n
            full join old_rows as o using (uuid)
            where n.revision is distinct from o.revision
            limit feed_limit() + 1
        ) as c;
        if cardinality(uuids) > feed_limit() then
            uuids := array[null];
        end if;
        insert into change (entity, key)
        select 'player', key
        from unnest(uuids) as key;
        return null;
    end if;
    select array_agg(c.change::jsonb) into changes
    from (
        select case
            when n.revision <> o.revision then player_change(n)
            else feed_change('player', n.uuid)::json
        end as change
        from new_rows as n
        full join old_rows as o using (uuid)
        where n.revision is distinct from o.revision
           or mode = '' and (n.gamemodes, n.addresses) is distinct from (o.gamemodes, o.addresses)
        limit feed_limit() + 1
    ) as c;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function player_updated() is
    'Feed trigger. Ignores rows of which no other server caches '
    'anything new; unsynced columns count only when edited by hand';
-- +goose StatementEnd

-- +goose StatementBegin
create function player_inserted_or_deleted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(feed_change('player', r.uuid)) into changes
    from (select uuid from changed_rows limit feed_limit() + 1) as r;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function player_inserted_or_deleted() is
    'Feed trigger. Sends keys: a row that comes or goes is read back by those who hold it';
-- +goose StatementEnd

create trigger feed_insert after insert on player
    referencing new table as changed_rows for each statement execute function player_inserted_or_deleted();
create trigger feed_update after update on player
    referencing old table as old_rows new table as new_rows for each statement execute function player_updated();
create trigger feed_delete after delete on player
    referencing old table as changed_rows for each statement execute function player_inserted_or_deleted();
create trigger feed_truncate after truncate on player
    for each statement execute function feed_truncated('player');

-- Also for sessions that set session_replication_role.
alter table player enable always trigger feed_insert;
alter table player enable always trigger feed_update;
alter table player enable always trigger feed_delete;
alter table player enable always trigger feed_truncate;

revoke execute on function player_updated(), player_inserted_or_deleted() from public;
grant select, insert, update, delete on player to playersync_app;
grant usage on sequence revision to playersync_app;
grant select (
    uuid, rank, flags, unmute_time, mute_reason, unmark_time, attributes, name, override_name, highlight, rainbow_speed,
    chat_strictness, show_rank_prefix, language, achievements, gamemodes, revision, created_at, updated_at
) on player to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function player_change(player);
drop function player_synced(player);
drop table player;
drop function player_inserted_or_deleted();
drop function player_updated();
drop function player_before_update();
drop function spell_uuid();
drop function spelled_id(text);
drop function is_bit_set(text);
drop function is_text_set(text[]);
