-- name: AddImportedPlayers :many
-- Inserts the players that do not exist yet, given as a list in the form of the
-- API; returns their ids.
insert into player (
    uuid, rank, flags, unmute_time, mute_reason, unmark_time, attributes,
    name, override_name, highlight, rainbow_speed, chat_strictness, show_rank_prefix, language, achievements,
    gamemodes, addresses
)
select
    g.uuid, g.rank, g.flags, g."unmuteTime", g."muteReason", g."unmarkTime", g.attributes,
    g.name, g."overrideName", g.highlight, (g.rainbow ->> 'speed')::integer,
    g."chatStrictness", g."showRankPrefix", g.language, g.achievements,
    g.gamemodes, g.addresses
from jsonb_to_recordset(sqlc.arg(players)::jsonb) as g (
    uuid text, rank text, flags text[], "unmuteTime" timestamptz, "muteReason" text, "unmarkTime" timestamptz,
    attributes jsonb,
    name text, "overrideName" text, highlight text, rainbow jsonb, "chatStrictness" text, "showRankPrefix" boolean,
    language text, achievements text,
    gamemodes jsonb, addresses jsonb
)
order by g.uuid
on conflict (uuid) do nothing
returning uuid;

-- name: MergeImportedPlayers :many
-- Applies to each player what an import knows more; returns the ids of those that
-- it changed. With replace the given flags and addresses take the place of the
-- stored ones; else flags stay, and addresses are only added. Rows that hold
-- everything already are not written.
with given as (
    select
        unnest(sqlc.arg(uuids)::text[]) as uuid,
        unnest(sqlc.arg(edits)::jsonb[]) as edit,
        unnest(sqlc.arg(flags)::jsonb[]) as flags,
        unnest(sqlc.arg(addresses)::jsonb[]) as addresses
),
target as materialized (
    select
        p.uuid,
        g.edit
            || case
                when sqlc.arg(replace)::boolean and jsonb_typeof(g.flags) = 'array'
                    then jsonb_build_object('flags', jsonb_build_object('add', g.flags, 'remove', to_jsonb(p.flags)))
                else '{}'
            end
            || jsonb_build_object('addresses', case
                when sqlc.arg(replace)::boolean then g.addresses
                else g.addresses - array(select jsonb_object_keys(p.addresses))
            end) as edit
    from player as p
    join given as g on g.uuid = p.uuid
    order by p.uuid
    for no key update of p
)
update player as p
set (
    rank, flags, unmute_time, mute_reason, unmark_time, attributes,
    name, override_name, highlight, rainbow_speed, chat_strictness, show_rank_prefix, language, achievements,
    gamemodes, addresses
) = (
    select
        e.rank, e.flags, e.unmute_time, e.mute_reason, e.unmark_time, e.attributes,
        e.name, e.override_name, e.highlight, e.rainbow_speed,
        e.chat_strictness, e.show_rank_prefix, e.language, e.achievements,
        e.gamemodes, e.addresses
    from player_edited(p, target.edit) as e
)
from target
where p.uuid = target.uuid
  and player_edited(p, target.edit) is distinct from p
returning p.uuid;

-- name: AddImportedHistory :many
-- Adds history entries of players that exist; returns how many were new, by player.
with added as (
    insert into player_history (uuid, action, by, time)
    select g.uuid, g.action, g.by, g.time
    from (
        select
            unnest(sqlc.arg(uuids)::text[]) as uuid,
            unnest(sqlc.arg(actions)::text[]) as action,
            unnest(sqlc.arg(authors)::text[]) as by,
            unnest(sqlc.arg(times)::timestamptz[]) as time
    ) as g
    order by g.uuid, g.time, g.action, g.by
    on conflict do nothing
    returning uuid
)
select uuid, count(*) as entries
from added
group by uuid;

-- name: FeedEpoch :one
-- What tells this database from others.
select (epoch || '/' || home)::text as epoch
from feed;
