-- The rule by which an edit changes a player: the SQL twin of Edit.Apply in
-- package merge. A property test holds the two equal.
--
-- Every save calls these functions. They are written in PL/pgSQL, which plans the
-- queries in them once per session, and loop where the few members of a save take
-- less time than a query takes to start.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

-- +goose StatementBegin
create function text_set_edited(members text[], edit jsonb) returns text[]
language plpgsql immutable
as $$
begin
    return array(
        select member collate "C"
        from unnest(members) as member
        where not coalesce(edit -> 'remove' ? member, false)
        union
        select member collate "C"
        from jsonb_array_elements_text(coalesce(edit -> 'add', '[]')) as member
        order by 1
    );
end
$$;
comment on function text_set_edited(text[], jsonb) is 'A set after {"add": […], "remove": […]}, sorted';
-- +goose StatementEnd

-- +goose StatementBegin
create function jsonb_merge_patch(target jsonb, patch jsonb) returns jsonb
language plpgsql immutable
as $$
declare
    merged jsonb := case when jsonb_typeof(target) = 'object' then target else '{}' end;
    change record;
begin
    if jsonb_typeof(patch) <> 'object' then
        return patch;
    end if;
    for change in select key, value from jsonb_each(patch) loop
        if jsonb_typeof(change.value) = 'null' then
            merged := merged - change.key;
        else
            merged := merged || jsonb_build_object(change.key, jsonb_merge_patch(merged -> change.key, change.value));
        end if;
    end loop;
    return merged;
end
$$;
comment on function jsonb_merge_patch(jsonb, jsonb) is 'A JSON merge patch applied, RFC 7386';
-- +goose StatementEnd

-- +goose StatementBegin
create function bits_united(stored text, added text) returns text
language plpgsql immutable
as $$
begin
    return (
        select case
            when stored is null or added is null then added
            else (
                select case
                    when bool_and(
                        coalesce(s.word, 0) | coalesce(a.word, 0) = coalesce(s.word, 0)
                        and (s.word is not null or a.word = 0)
                    ) then stored
                    else '[' || string_agg((coalesce(s.word, 0) | coalesce(a.word, 0))::text, ',' order by place) || ']'
                end
                from unnest(string_to_array(btrim(stored, '[]'), ',')::bigint[]) with ordinality as s (word, place)
                full join unnest(string_to_array(btrim(added, '[]'), ',')::bigint[]) with ordinality as a (word, place)
                    using (place)
            )
        end
    );
end
$$;
comment on function bits_united(text, text) is 'Union of two bit sets in the form [word,word,…]; NULL added clears';
-- +goose StatementEnd

-- Every save calls these two. They loop, because a query takes longer to start than
-- the few counters of a save take. Stored counters are within their range: only the
-- edited ones are computed.

-- +goose StatementBegin
create function counters_edited(counters jsonb, added jsonb, at_least jsonb) returns jsonb
language plpgsql immutable
as $$
declare
    most   constant numeric := 9007199254740991;
    names  constant jsonb := jsonb_path_query_array(
        coalesce(added, '{}') || coalesce(at_least, '{}'), '$.keyvalue().key'
    );
    name   text;
    edited text := '';
begin
    for i in 0 .. jsonb_array_length(names) - 1 loop
        name := names ->> i;
        edited := edited || ',' || (names -> i) || ':' || greatest(
            least(coalesce((counters ->> name)::numeric, 0) + coalesce((added ->> name)::numeric, 0), most), -most,
            (at_least ->> name)::numeric
        );
    end loop;
    return coalesce(counters, '{}') || ('{' || substr(edited, 2) || '}')::jsonb;
end
$$;
comment on function counters_edited(jsonb, jsonb, jsonb) is
    'Counters moved by the differences added, then raised to at_least; held within what a JSON number carries exactly';
-- +goose StatementEnd

-- +goose StatementBegin
create function gamemodes_edited(gamemodes jsonb, edits jsonb) returns jsonb
language plpgsql immutable
as $$
declare
    modes  constant jsonb := jsonb_path_query_array(edits, '$.keyvalue()');
    mode   text;
    edit   jsonb;
    stored jsonb;
begin
    for i in 0 .. jsonb_array_length(modes) - 1 loop
        mode := modes -> i ->> 'key';
        edit := modes -> i -> 'value';
        stored := gamemodes -> mode;
        gamemodes := gamemodes || jsonb_build_object(mode, jsonb_strip_nulls(jsonb_build_object(
            'firstJoined', least((stored ->> 'firstJoined')::bigint, (edit ->> 'firstJoined')::bigint),
            'lastJoined', greatest((stored ->> 'lastJoined')::bigint, (edit ->> 'lastJoined')::bigint),
            'stats', case
                when stored ? 'stats' or edit ?| array['stats', 'atLeast']
                    then counters_edited(stored -> 'stats', edit -> 'stats', edit -> 'atLeast')
            end
        )));
    end loop;
    return gamemodes;
end
$$;
comment on function gamemodes_edited(jsonb, jsonb) is
    'player.gamemodes after {gamemode: {"firstJoined", "lastJoined", '
    '"stats", "atLeast"}}: first only falls, last only rises';
-- +goose StatementEnd

-- +goose StatementBegin
create function player_edited(p player, edit jsonb) returns player
language plpgsql stable
as $$
declare
    patch jsonb;
begin
    p.rank := coalesce(edit ->> 'rank', p.rank);
    if edit ? 'flags' then
        p.flags := text_set_edited(p.flags, edit -> 'flags');
    end if;
    if edit ? 'unmuteTime' then
        p.unmute_time := edit ->> 'unmuteTime';
    end if;
    p.mute_reason := coalesce(edit ->> 'muteReason', p.mute_reason);
    if edit ? 'unmarkTime' then
        p.unmark_time := edit ->> 'unmarkTime';
    end if;
    if edit ? 'attributes' then
        for patch in select value from jsonb_array_elements(edit -> 'attributes') loop
            p.attributes := jsonb_merge_patch(p.attributes, patch);
        end loop;
    end if;

    p.name := coalesce(edit ->> 'name', p.name);
    if edit ? 'overrideName' then
        p.override_name := edit ->> 'overrideName';
    end if;
    if edit ? 'highlight' then
        p.highlight := edit ->> 'highlight';
    end if;
    if edit ? 'rainbow' then
        p.rainbow_speed := edit -> 'rainbow' ->> 'speed';
    end if;
    p.chat_strictness := coalesce(edit ->> 'chatStrictness', p.chat_strictness);
    p.show_rank_prefix := coalesce((edit ->> 'showRankPrefix')::boolean, p.show_rank_prefix);
    p.language := coalesce(edit ->> 'language', p.language);
    if edit ? 'achievements' then
        p.achievements := bits_united(p.achievements, edit ->> 'achievements');
    end if;

    if edit ? 'gamemodes' then
        p.gamemodes := gamemodes_edited(p.gamemodes, edit -> 'gamemodes');
    end if;
    if edit ? 'addresses' then
        p.addresses := p.addresses || (edit -> 'addresses');
    end if;
    return p;
end
$$;
comment on function player_edited(player, jsonb) is
    'A player after an edit: {"rank", "flags": {"add", "remove"}, "unmuteTime", …}. History is a table of its own';
-- +goose StatementEnd

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function player_edited(player, jsonb);
drop function gamemodes_edited(jsonb, jsonb);
drop function counters_edited(jsonb, jsonb, jsonb);
drop function bits_united(text, text);
drop function jsonb_merge_patch(jsonb, jsonb);
drop function text_set_edited(text[], jsonb);
