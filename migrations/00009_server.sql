-- Game servers.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table server (
    name       text        not null,
    gamemode   text        not null,
    address    text        not null,
    version    text        not null default '',
    started_at timestamptz not null default now(),
    constraint server_pkey primary key (name),
    constraint server_name_form check (length(name) between 1 and 64 and name !~ '[[:cntrl:]]'),
    constraint server_gamemode_form check (length(gamemode) between 1 and 64 and gamemode !~ '[[:cntrl:]]'),
    constraint server_address_form check (length(address) between 1 and 64 and address !~ '[[:cntrl:]]')
);
comment on table server is 'Game servers that a sidecar has spoken for';
comment on column server.name is 'Name from the configuration, unique in the network';
comment on column server.gamemode is 'Gamemode at the last start; indexes player.gamemodes';
comment on column server.address is 'ip:port at the last start; indexes player.addresses';
comment on column server.version is 'Version of the sidecar';
comment on column server.started_at is 'When a sidecar last started to speak for it';

grant select, insert, update, delete on server to playersync_app;
grant select on server to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop table server;
