-- name: RenewLeases :many
-- Renews the leases of a run, takes over those claimed and removes what ran out.
-- Returns the servers that the run speaks for, with a digest of their players, and whether another run asked for them.
select l.server::text as server, l.sessions::text as sessions, l.contested::boolean as contested
from server_lease_renew(
    sqlc.arg(run)::uuid, sqlc.arg(servers)::text[], sqlc.arg(claimed)::text[], sqlc.arg(lasts)::interval
) as l;

-- name: ReleaseLeases :exec
-- Ends all leases of a run, and with them its sessions.
delete from server_lease
where run = sqlc.arg(run);

-- name: SyncSessions :exec
-- Stores who came to a run's servers and who left.
select session_sync(
    sqlc.arg(run)::uuid, sqlc.arg(arrived)::jsonb, sqlc.arg(departed)::jsonb, sqlc.arg(complete)::text[]
);

-- name: Sessions :many
-- All sessions: what is held in memory.
select server, uuid, name, gamemode, since, revision
from session;

-- name: Online :many
-- Who is on which server now, on servers that live.
select server, uuid, name, gamemode, since
from online
where sqlc.narg(server)::text is null or server = sqlc.narg(server)
order by server, since, uuid;

-- name: LastSeen :many
-- When a player was last on each server, the latest first.
select server, at
from last_seen
where uuid = sqlc.arg(uuid)
order by at desc, server;

-- name: ServerOverview :many
-- All game servers by name.
select
    name, gamemode, address, version, alive::boolean as alive, since::timestamptz as since, players,
    contested::boolean as contested
from server_overview
order by name;

-- name: OnlineSeenFrom :many
-- On which servers they are now who ever joined from an address or a range.
select o.uuid, array_agg(o.server order by o.since, o.server)::text[] as servers
from online as o
where exists (
    select
    from player_address as a
    where a.uuid = o.uuid
      and a.ip between sqlc.arg(ip)::inet
          and set_masklen(broadcast(sqlc.arg(ip)::inet), case family(sqlc.arg(ip)::inet) when 4 then 32 else 128 end)
)
group by o.uuid;

-- name: ServersOf :many
-- On which servers a player is now.
select server
from online
where uuid = sqlc.arg(uuid)
order by since, server;
