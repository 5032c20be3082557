-- What keeps bots out, network-wide: name patterns and addresses of attackers.
-- And the log of moderation.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

alter table change drop constraint change_entity_known;
alter table change add constraint change_entity_known
    check (entity in ('player', 'ban', 'staff_message', 'antibot_pattern', 'blacklisted_address'));
comment on column change.key is 'player.uuid, ban_target(uuid, ip), staff_message.id or blacklisted_address.address; NULL means the whole table';

-- +goose StatementBegin
create function name_pattern_character(token text) returns integer
language sql immutable
as $$
    select case
        when token like '\\u____' then ('x' || lpad(substr(token, 3), 8, '0'))::bit(32)::integer
        when token like '\\_' then ascii(substr(token, 2))
        else ascii(token)
    end
$$;
comment on function name_pattern_character(text) is 'Code point of a character as a pattern writes it: itself, \punctuation or \uXXXX';
-- +goose StatementEnd

-- +goose StatementBegin
create function is_name_pattern(pattern text) returns boolean
language plpgsql immutable strict
as $$
declare
    literal constant text := '[^][(){}|*+?^$.\\\x01-\x1f\x7f]';
    escaped constant text := '\\[!-/:-@[-`{-~]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}';
    class   constant text := '\\[dDwWsS]|\\[pP]\{(?:L|Lu|Ll|M|N|Nd|P|S|Z|Is(?:Latin|Greek|Cyrillic|Hebrew|Arabic|Han|Hiragana|Katakana|Hangul|Thai))\}';
    single  constant text := '(?:[^][\\^&\x01-\x1f\x7f-]|' || escaped || ')';
    charset constant text := '\[\^?(?:' || single || '(?:-' || single || ')?|' || class || ')+\]';
    times   constant text := '(?:[*+?]|\{[0-9]{1,3}(?:,(?:[0-9]{1,3})?)?\})[?+]?';
    inner_  constant text := '(?:(?:' || literal || '|\.)(?:' || times || ')?|[$^|])*';
    body    text := regexp_replace(pattern, '^\(\?iu?\)', '');
    reduced text;
begin
    if length(pattern) not between 1 and 1000 then
        return false;
    end if;
    -- No range runs backwards.
    if exists (
        select
        from regexp_matches(body, '(' || charset || ')|' || escaped || '|' || class, 'g') as token (part)
        cross join regexp_matches(
            substr(token.part[1], 2, length(token.part[1]) - 2), '(' || single || ')-(' || single || ')|' || single || '|' || class, 'g'
        ) as range (ends)
        where name_pattern_character(ends[1]) > name_pattern_character(ends[2])
    ) then
        return false;
    end if;
    -- What stands for one character becomes x, what stands for none ^, and then
    -- groups do, from the inside.
    body := regexp_replace(body, charset || '|' || escaped || '|' || class, 'x', 'g');
    body := regexp_replace(body, '\\[bB]', '^', 'g');
    if exists (select from regexp_matches(body, '\{([0-9]+),([0-9]+)\}', 'g') as bound where bound[1]::integer > bound[2]::integer) then
        return false;
    end if;
    if length(body) - length(replace(body, '(', '')) > 50 then
        return false;
    end if;
    loop
        reduced := regexp_replace(body, '\(\?[=!]' || inner_ || '\)', '^', 'g');
        reduced := regexp_replace(reduced, '\((?:\?:)?' || inner_ || '\)', 'x', 'g');
        exit when reduced = body;
        body := reduced;
    end loop;
    return body ~ ('^' || inner_ || '$');
end
$$;
comment on function is_name_pattern(text) is
    'Whether a regular expression keeps to what is surely valid in Java and means the same there; the rule is in the comment of antibot_pattern.pattern';
-- +goose StatementEnd

create table antibot_pattern (
    kind    text        not null,
    pattern text        not null,
    set_at  timestamptz not null default now(),
    set_by  text        not null default session_user,
    constraint antibot_pattern_pkey primary key (kind),
    constraint antibot_pattern_kind_known check (kind in ('blacklist', 'graylist')),
    constraint antibot_pattern_pattern_form check (is_name_pattern(pattern)),
    constraint antibot_pattern_set_by_length check (length(set_by) <= 512)
);
comment on table antibot_pattern is 'Names by which servers know bots; edit it, or use syncer antibot. Every server has it within seconds';
comment on column antibot_pattern.kind is 'blacklist: kept out; graylist: watched';
comment on column antibot_pattern.pattern is
    'Regular expression that must match the whole name. At most 1000 characters, none of them a control character, of:
characters as they are but \ . [ ] ( ) { } | * + ? ^ $, which need a \ before them like any ASCII punctuation may, and
. \d \D \w \W \s \S \uXXXX and \p{…} \P{…} with L Lu Ll M N Nd P S Z or IsLatin IsGreek IsCyrillic IsHebrew IsArabic IsHan
IsHiragana IsKatakana IsHangul IsThai; ^ $ \b \B; sets […] and [^…] in which [ ] \ ^ & - need a \, of characters, ranges that
run upwards, and the above; ( ) (?: ) (?= ) (?! ), at most 50, and |; after a character, a set or a group that is no look-ahead one
of * + ? {n} {n,} {n,m} up to 999, which ? or + may follow. (?i) or (?iu) at the very start: in any case';
comment on column antibot_pattern.set_at is 'Since when';
comment on column antibot_pattern.set_by is 'Who set it';

create table blacklisted_address (
    address  text        not null collate "C",
    added_at timestamptz not null default now(),
    added_by text        not null default session_user,
    revision bigint      not null default nextval('revision'),
    constraint blacklisted_address_pkey primary key (address),
    constraint blacklisted_address_address_form check (length(address) between 1 and 255 and address !~ '[[:cntrl:]]'),
    constraint blacklisted_address_added_by_length check (length(added_by) <= 512)
);
comment on table blacklisted_address is 'Addresses that attacked a server, exactly as it wrote them. INSERT and DELETE reach every server';
comment on column blacklisted_address.address is 'The address, letter for letter';
comment on column blacklisted_address.added_at is 'Since when';
comment on column blacklisted_address.added_by is 'The game server or person that added it';
comment on column blacklisted_address.revision is 'Newer state, higher number';

create trigger blacklisted_address_in_turn before insert or update or delete on blacklisted_address
    for each statement execute function write_in_turn();
alter table blacklisted_address enable always trigger blacklisted_address_in_turn;

-- +goose StatementBegin
create function blacklisted_address_change(address text, revision bigint, listed boolean) returns jsonb
language sql volatile
as $$
    select feed_change('blacklisted_address', address) || jsonb_build_object('r', revision, 'o', listed)
$$;
comment on function blacklisted_address_change(text, bigint, boolean) is
    'An address as it travels: feed_change with r revision, o whether it is listed';
-- +goose StatementEnd

-- +goose StatementBegin
create function blacklisted_address_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    -- An address that the same statement removed and added is read back.
    select array_agg(case
        when tg_op = 'INSERT' then blacklisted_address_change(r.address, r.revision, true)
        when exists (select from blacklisted_address as b where b.address = r.address) then feed_change('blacklisted_address', r.address)
        else blacklisted_address_change(r.address, nextval('revision'), false)
    end) into changes
    from (select address, revision from changed_rows limit 257) as r;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function blacklisted_address_changed() is 'Feed trigger. Sends addresses that come or go';
-- +goose StatementEnd

create trigger feed_insert after insert on blacklisted_address
    referencing new table as changed_rows for each statement execute function blacklisted_address_changed();
create trigger feed_update after update on blacklisted_address
    referencing new table as changed_rows for each statement execute function feed_table_changed();
create trigger feed_delete after delete on blacklisted_address
    referencing old table as changed_rows for each statement execute function blacklisted_address_changed();
create trigger feed_truncate after truncate on blacklisted_address
    for each statement execute function feed_truncated('blacklisted_address');
alter table blacklisted_address enable always trigger feed_insert;
alter table blacklisted_address enable always trigger feed_update;
alter table blacklisted_address enable always trigger feed_delete;
alter table blacklisted_address enable always trigger feed_truncate;

create trigger feed_insert after insert on antibot_pattern
    referencing new table as changed_rows for each statement execute function feed_table_changed();
create trigger feed_update after update on antibot_pattern
    referencing new table as changed_rows for each statement execute function feed_table_changed();
create trigger feed_delete after delete on antibot_pattern
    referencing old table as changed_rows for each statement execute function feed_table_changed();
create trigger feed_truncate after truncate on antibot_pattern
    for each statement execute function feed_truncated('antibot_pattern');
alter table antibot_pattern enable always trigger feed_insert;
alter table antibot_pattern enable always trigger feed_update;
alter table antibot_pattern enable always trigger feed_delete;
alter table antibot_pattern enable always trigger feed_truncate;

create table mod_log (
    id      bigint      generated always as identity,
    at      timestamptz not null default now(),
    source  text        not null default session_user,
    message text        not null,
    token   uuid        not null default gen_random_uuid(),
    constraint mod_log_pkey primary key (id),
    constraint mod_log_token_key unique (token),
    constraint mod_log_at_range check (at between '0001-01-01 00:00+00' and '9999-12-31 23:59+00'),
    constraint mod_log_source_length check (length(source) <= 512),
    constraint mod_log_message_length check (length(message) between 1 and 65536)
);
create index mod_log_at_idx on mod_log (at);
comment on table mod_log is 'Log of moderation, as game servers report it. Kept until somebody deletes it';
comment on column mod_log.id is 'Number';
comment on column mod_log.at is 'When the sidecar received it';
comment on column mod_log.source is 'The address of the game server, or who wrote it';
comment on column mod_log.message is 'What happened';
comment on column mod_log.token is 'Drawn by the sidecar: an entry sent again after a lost answer is recognised';

grant select, insert, update, delete on antibot_pattern, blacklisted_address, mod_log to playersync_app;
grant select on antibot_pattern, blacklisted_address, mod_log to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop table mod_log;
drop table antibot_pattern;
drop table blacklisted_address;
drop function blacklisted_address_changed();
drop function blacklisted_address_change(text, bigint, boolean);
drop function is_name_pattern(text);
drop function name_pattern_character(text);
delete from change where entity in ('antibot_pattern', 'blacklisted_address');
alter table change drop constraint change_entity_known;
alter table change add constraint change_entity_known check (entity in ('player', 'ban', 'staff_message'));
comment on column change.key is 'player.uuid, ban_target(uuid, ip) or staff_message.id; NULL means the whole table';
