-- name: RegisterServer :exec
-- Records a game server that a sidecar begins to speak for.
insert into server (name, gamemode, address, version)
values (sqlc.arg(name), sqlc.arg(gamemode), sqlc.arg(address), sqlc.arg(version))
on conflict (name) do update
set gamemode = excluded.gamemode, address = excluded.address, version = excluded.version, started_at = now();

-- name: Servers :many
-- All game servers by name.
select *
from server
order by name;
