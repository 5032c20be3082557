-- Views that read well in psql.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create view active_ban as
select
    id,
    coalesce(uuid, ip::text) as target,
    case when uuid is not null then 'id' when ip = host(ip)::inet then 'address' else 'range' end as kind,
    reason,
    banned_by,
    created_at,
    expires_at,
    case when isfinite(expires_at) then date_trunc('second', expires_at - now()) end as remaining
from ban
where lifted_at is null
  and (expires_at is null or expires_at > now());
comment on view active_ban is 'Bans in force now. DELETE FROM ban WHERE id = … unbans, or set lifted_at to keep the history';
comment on column active_ban.id is 'ban.id';
comment on column active_ban.target is 'The player id, address or range';
comment on column active_ban.kind is 'id, address or range';
comment on column active_ban.reason is 'ban.reason';
comment on column active_ban.banned_by is 'ban.banned_by';
comment on column active_ban.created_at is 'ban.created_at';
comment on column active_ban.expires_at is 'ban.expires_at; NULL until lifted';
comment on column active_ban.remaining is 'Time left; NULL until lifted';

create view player_overview as
select
    p.uuid,
    coalesce(p.override_name, p.name) as name,
    p.rank,
    array_to_string(p.flags, ', ') as flags,
    coalesce(p.unmute_time > now(), false) as muted,
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
comment on column player_overview.marked is 'Whether the player is marked now';
comment on column player_overview.banned is 'Whether the id (not an address) is banned now';
comment on column player_overview.gamemodes is 'Gamemodes the player has been on';
comment on column player_overview.first_joined is 'Earliest join known to any gamemode';
comment on column player_overview.last_joined is 'Latest join or leave known to any gamemode';
comment on column player_overview.history is 'Number of moderation actions';

grant select on active_ban, player_overview to playersync_app, playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop view player_overview;
drop view active_ban;
