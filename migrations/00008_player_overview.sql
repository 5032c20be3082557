-- Players as people read them in psql.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create view player_overview as
select
    p.uuid,
    coalesce(p.override_name, p.name) as name,
    p.rank,
    array_to_string(p.flags, ', ') as flags,
    coalesce(p.unmute_time > now(), false) as muted,
    case when p.unmute_time > now() then p.mute_reason end as mute_reason,
    coalesce(p.unmark_time > now(), false) as marked,
    exists (
        select from ban as b
        where b.uuid = p.uuid and b.lifted_at is null and (b.expires_at is null or b.expires_at > now())
    ) as banned,
    joined.gamemodes,
    joined.first_joined,
    joined.last_joined,
    (select count(*) from player_history as h where h.uuid = p.uuid) as history
from player as p
cross join lateral (
    select
        coalesce(string_agg(mode, ', ' order by mode), '') as gamemodes,
        to_timestamp(min((record ->> 'firstJoined')::bigint) / 1000.0) as first_joined,
        to_timestamp(max((record ->> 'lastJoined')::bigint) / 1000.0) as last_joined
    from jsonb_each(p.gamemodes) as g (mode, record)
) as joined;
comment on view player_overview is 'One line per player, for people';
comment on column player_overview.uuid is 'player.uuid';
comment on column player_overview.name is 'The name that players see';
comment on column player_overview.rank is 'player.rank';
comment on column player_overview.flags is 'player.flags as text';
comment on column player_overview.muted is 'Whether the player is muted now';
comment on column player_overview.mute_reason is 'Why the player is muted; NULL if he is not';
comment on column player_overview.marked is 'Whether the player is marked now';
comment on column player_overview.banned is 'Whether the id (not an address) is banned now';
comment on column player_overview.gamemodes is 'Gamemodes the player has been on';
comment on column player_overview.first_joined is 'Earliest join known to any gamemode';
comment on column player_overview.last_joined is 'Latest join or leave known to any gamemode';
comment on column player_overview.history is 'Number of moderation actions';

grant select on player_overview to playersync_app, playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop view player_overview;
