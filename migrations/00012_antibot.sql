-- Names by which servers know bots, network-wide.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

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
comment on function name_pattern_character(text) is
    'Code point of a character as a pattern writes it: itself, \punctuation or \uXXXX';
-- +goose StatementEnd

-- +goose StatementBegin
create function name_pattern_is_quick(pattern text) returns boolean
language plpgsql immutable
as $$
declare
    most_ways constant integer := 1048576;
    open_ways constant integer := 64;
    depth     integer := 1;
    sides     bigint[] := array[0]; -- by depth, the ways of the sides of | that are done,
    before_   bigint[] := array[1]; -- of the side in progress without its last piece,
    piece     bigint[] := array[1]; -- and of that piece
    ways      bigint;
    bounds    text[];
    token     text;
begin
    for token in
        select t.token[1]
        from regexp_matches(pattern, '(\((?:\?[:=!])?|(?:[*+?]|\{[0-9]+,?[0-9]*\})[?+]?|.)', 'g') as t (token)
    loop
        if token like '(%' then
            depth := depth + 1;
            sides[depth] := 0;
            before_[depth] := 1;
            piece[depth] := 1;
        elsif token in ('|', ')') then
            ways := sides[depth] + before_[depth] * piece[depth];
            if token = '|' then
                sides[depth] := ways;
                before_[depth] := 1;
                piece[depth] := 1;
            else
                depth := depth - 1;
                before_[depth] := before_[depth] * piece[depth];
                piece[depth] := ways;
            end if;
        elsif token like '?%' then
            piece[depth] := piece[depth] + 1;
        elsif token ~ '^[*+{]' then
            if piece[depth] > 1 then
                return false;
            end if;
            bounds := regexp_match(token, '([0-9]+)(,?)([0-9]*)');
            piece[depth] := case
                when bounds is null then open_ways
                when bounds[2] = '' then 1
                else least(coalesce(nullif(bounds[3], '')::integer, 999) - bounds[1]::integer + 1, open_ways)
            end;
        else
            before_[depth] := before_[depth] * piece[depth];
            piece[depth] := 1;
        end if;
        if sides[depth] + before_[depth] * piece[depth] > most_ways then
            return false;
        end if;
    end loop;
    return true;
end
$$;
comment on function name_pattern_is_quick(text) is
    'Whether no name takes long to compare with a name pattern, of which one character stands for each set, class and '
    'escape: it may match in at most 2^20 ways, and repeats nothing that may match in several';
-- +goose StatementEnd

-- +goose StatementBegin
create function is_name_pattern(pattern text) returns boolean
language plpgsql immutable strict
as $$
declare
    literal constant text := '[^][(){}|*+?^$.\\\x01-\x1f\x7f]';
    escaped constant text := '\\[!-/:-@[-`{-~]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}';
    class   constant text := '\\[dDwWsS]|\\[pP]\{(?:L|Lu|Ll|M|N|Nd|P|S|Z|'
        'Is(?:Latin|Greek|Cyrillic|Hebrew|Arabic|Han|Hiragana|Katakana|Hangul|Thai))\}';
    single  constant text := '(?:[^][\\^&\x01-\x1f\x7f-]|' || escaped || ')';
    charset constant text := '\[\^?(?:' || single || '(?:-' || single || ')?|' || class || ')+\]';
    times   constant text := '(?:[*+?]|\{[0-9]{1,3}(?:,(?:[0-9]{1,3})?)?\})[?+]?';
    inner_  constant text := '(?:(?:' || literal || '|\.)(?:' || times || ')?|[$^|])*';
    body    text := regexp_replace(pattern, '^\(\?iu?\)', '');
    whole   text;
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
            substr(token.part[1], 2, length(token.part[1]) - 2),
            '(' || single || ')-(' || single || ')|' || single || '|' || class,
            'g'
        ) as range (ends)
        where name_pattern_character(ends[1]) > name_pattern_character(ends[2])
    ) then
        return false;
    end if;
    -- What stands for one character becomes x, what stands for none ^, and then
    -- groups do, from the inside.
    body := regexp_replace(body, charset || '|' || escaped || '|' || class, 'x', 'g');
    body := regexp_replace(body, '\\[bB]', '^', 'g');
    if exists (
        select
        from regexp_matches(body, '\{([0-9]+),([0-9]+)\}', 'g') as bound
        where bound[1]::integer > bound[2]::integer
    ) then
        return false;
    end if;
    if length(body) - length(replace(body, '(', '')) > 50 then
        return false;
    end if;
    whole := body;
    loop
        reduced := regexp_replace(body, '\(\?[=!]' || inner_ || '\)', '^', 'g');
        reduced := regexp_replace(reduced, '\((?:\?:)?' || inner_ || '\)', 'x', 'g');
        exit when reduced = body;
        body := reduced;
    end loop;
    return body ~ ('^' || inner_ || '$') and name_pattern_is_quick(whole);
end
$$;
comment on function is_name_pattern(text) is
    'Whether a regular expression keeps to what is surely valid in Java and '
    'means the same there; the rule is in the comment of antibot_pattern.pattern';
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
comment on table antibot_pattern is
    'Names by which servers know bots; edit it, or use syncer antibot. Every server has it within seconds';
comment on column antibot_pattern.kind is 'blacklist: kept out; graylist: watched';
comment on column antibot_pattern.pattern is
'Regular expression that must match the whole name. At most 1000 characters, none of them a control character, of:
characters as they are but \ . [ ] ( ) { } | * + ? ^ $, which need a \ before them like any ASCII punctuation may,
and . \d \D \w \W \s \S \uXXXX and \p{…} \P{…} with L Lu Ll M N Nd P S Z or IsLatin IsGreek IsCyrillic IsHebrew
IsArabic IsHan IsHiragana IsKatakana IsHangul IsThai; ^ $ \b \B; sets […] and [^…] in which [ ] \ ^ & - need a \, of
characters, ranges that run upwards, and the above; ( ) (?: ) (?= ) (?! ), at most 50, and |; after a character, a
set or a group that is no look-ahead one of * + ? {n} {n,} {n,m} up to 999, which ? or + may follow. (?i) or (?iu)
at the very start: in any case. What is repeated other than by ? holds no * + ? {n,m} or | itself, and the ways to
match are at most 2^20: those of * + {n,} (64), {n,m} (m-n+1), ? (2) and | (1 for each side), multiplied';
comment on column antibot_pattern.set_at is 'Since when';
comment on column antibot_pattern.set_by is 'Who set it';

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

grant select, insert, update, delete on antibot_pattern to playersync_app;
grant select on antibot_pattern to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop table antibot_pattern;
drop function is_name_pattern(text);
drop function name_pattern_is_quick(text);
drop function name_pattern_character(text);
