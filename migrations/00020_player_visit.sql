-- What is known of players' visits: how often they joined and were kicked, and
-- under which names and from which addresses they came.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table player_visit (
    uuid       text        not null,
    server     text        not null,
    joins      bigint      not null default 0,
    kicks      bigint      not null default 0,
    first_seen timestamptz not null default now(),
    last_seen  timestamptz not null default now(),
    constraint player_visit_pkey primary key (uuid, server),
    constraint player_visit_player_fkey foreign key (uuid) references player (uuid) on delete cascade,
    constraint player_visit_server_form check (length(server) between 1 and 64 and server !~ '[[:cntrl:]]'),
    constraint player_visit_joins_range check (joins between 0 and 9007199254740991),
    constraint player_visit_kicks_range check (kicks between 0 and 9007199254740991),
    constraint player_visit_first_seen_range check (
        first_seen between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint player_visit_last_seen_range check (
        last_seen >= first_seen and last_seen <= '9999-12-31 23:59:59.999+00'
    )
);
comment on table player_visit is 'How often players joined each server and were kicked from it. Sidecars only ever add';
comment on column player_visit.uuid is 'player.uuid';
comment on column player_visit.server is 'server.name';
comment on column player_visit.joins is 'Times let in; who is banned and turned away did not join';
comment on column player_visit.kicks is 'Times kicked, as the server reported';
comment on column player_visit.first_seen is 'When the player first joined, left or was kicked';
comment on column player_visit.last_seen is 'When the player last did';

create table player_name (
    uuid       text        not null,
    server     text        not null,
    name       text        not null,
    times      bigint      not null default 1,
    first_seen timestamptz not null default now(),
    last_seen  timestamptz not null default now(),
    constraint player_name_pkey primary key (uuid, server, name),
    constraint player_name_player_fkey foreign key (uuid) references player (uuid) on delete cascade,
    constraint player_name_server_form check (length(server) between 1 and 64 and server !~ '[[:cntrl:]]'),
    constraint player_name_name_length check (length(name) between 1 and 512),
    constraint player_name_times_range check (times between 0 and 9007199254740991),
    constraint player_name_first_seen_range check (
        first_seen between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint player_name_last_seen_range check (last_seen >= first_seen and last_seen <= '9999-12-31 23:59:59.999+00')
);
create index player_name_name_idx on player_name using gin (lower(name) gin_trgm_ops);
comment on table player_name is
    'Names under which players joined each server: of each player and server the 64 seen last';
comment on column player_name.uuid is 'player.uuid';
comment on column player_name.server is 'server.name';
comment on column player_name.name is 'The name, colour tags included';
comment on column player_name.times is 'How often the player joined under it';
comment on column player_name.first_seen is 'When first';
comment on column player_name.last_seen is 'When last';
comment on index player_name_name_idx is 'Search for a part of a name';

create table player_address (
    uuid       text        not null,
    server     text        not null,
    ip         inet        not null,
    times      bigint      not null default 1,
    first_seen timestamptz not null default now(),
    last_seen  timestamptz not null default now(),
    constraint player_address_pkey primary key (uuid, server, ip),
    constraint player_address_player_fkey foreign key (uuid) references player (uuid) on delete cascade,
    constraint player_address_server_form check (length(server) between 1 and 64 and server !~ '[[:cntrl:]]'),
    constraint player_address_ip_form check (masklen(ip) = case family(ip) when 4 then 32 else 128 end),
    constraint player_address_ip_not_mapped check (not ip <<= '::ffff:0:0/96'),
    constraint player_address_times_range check (times between 0 and 9007199254740991),
    constraint player_address_first_seen_range check (
        first_seen between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint player_address_last_seen_range check (
        last_seen >= first_seen and last_seen <= '9999-12-31 23:59:59.999+00'
    )
);
create index player_address_ip_idx on player_address (ip, uuid);
comment on table player_address is
    'Addresses from which players joined each server: of each player and server the 256 seen last';
comment on column player_address.uuid is 'player.uuid';
comment on column player_address.server is 'server.name';
comment on column player_address.ip is 'The address, IPv4 or IPv6';
comment on column player_address.times is 'How often the player joined from it';
comment on column player_address.first_seen is 'When first';
comment on column player_address.last_seen is 'When last';
comment on index player_address_ip_idx is 'Search for an address or a range, and who shares one';

-- Rows that were only counted up are in no transition table of an insert: nothing
-- is looked for unless a name or an address is new.

-- +goose StatementBegin
create function player_name_limit() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    delete from player_name as n
    using (
        select s.uuid, s.server, s.name
        from (select distinct uuid, server from new_rows) as visited
        cross join lateral (
            select o.uuid, o.server, o.name
            from player_name as o
            where o.uuid = visited.uuid and o.server = visited.server
            order by o.last_seen desc, o.name
            offset 64
        ) as s
    ) as surplus
    where (n.uuid, n.server, n.name) = (surplus.uuid, surplus.server, surplus.name);
    return null;
end
$$;
comment on function player_name_limit() is 'Keeps of each player and server the 64 names seen last';
-- +goose StatementEnd

-- +goose StatementBegin
create function player_address_limit() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    delete from player_address as a
    using (
        select s.uuid, s.server, s.ip
        from (select distinct uuid, server from new_rows) as visited
        cross join lateral (
            select o.uuid, o.server, o.ip
            from player_address as o
            where o.uuid = visited.uuid and o.server = visited.server
            order by o.last_seen desc, o.ip
            offset 256
        ) as s
    ) as surplus
    where (a.uuid, a.server, a.ip) = (surplus.uuid, surplus.server, surplus.ip);
    return null;
end
$$;
comment on function player_address_limit() is 'Keeps of each player and server the 256 addresses seen last';
-- +goose StatementEnd

create trigger player_name_limit after insert on player_name
    referencing new table as new_rows for each statement execute function player_name_limit();
create trigger player_address_limit after insert on player_address
    referencing new table as new_rows for each statement execute function player_address_limit();

-- +goose StatementBegin
create function add_visits(uuids text[], edits jsonb[]) returns void
language sql
set search_path = pg_catalog, public, pg_temp
as $$
    with visit as materialized (
        select
            s.uuid,
            v.server,
            v.name,
            v.ip,
            coalesce(v.joins, 0) as joins,
            coalesce(v.kicks, 0) as kicks,
            v.first,
            v.last
        from (select unnest(uuids) as uuid, unnest(edits) as edit) as s
        cross join jsonb_to_recordset(s.edit -> 'visits')
            as v (server text, name text, ip inet, joins bigint, kicks bigint, first timestamptz, last timestamptz)
    ),
    counted as (
        insert into player_visit as p (uuid, server, joins, kicks, first_seen, last_seen)
        select v.uuid, v.server, sum(v.joins), sum(v.kicks), min(v.first), max(v.last)
        from visit as v
        group by v.uuid, v.server
        on conflict (uuid, server) do update
        set joins = least(p.joins + excluded.joins, 9007199254740991),
            kicks = least(p.kicks + excluded.kicks, 9007199254740991),
            first_seen = least(p.first_seen, excluded.first_seen),
            last_seen = greatest(p.last_seen, excluded.last_seen)
    ),
    named as (
        insert into player_name as p (uuid, server, name, times, first_seen, last_seen)
        select v.uuid, v.server, v.name, sum(v.joins), min(v.first), max(v.last)
        from visit as v
        where v.name <> ''
        group by v.uuid, v.server, v.name
        on conflict (uuid, server, name) do update
        set times = least(p.times + excluded.times, 9007199254740991),
            first_seen = least(p.first_seen, excluded.first_seen),
            last_seen = greatest(p.last_seen, excluded.last_seen)
    )
    insert into player_address as p (uuid, server, ip, times, first_seen, last_seen)
    select v.uuid, v.server, v.ip, sum(v.joins), min(v.first), max(v.last)
    from visit as v
    where v.ip is not null
    group by v.uuid, v.server, v.ip
    on conflict (uuid, server, ip) do update
    set times = least(p.times + excluded.times, 9007199254740991),
        first_seen = least(p.first_seen, excluded.first_seen),
        last_seen = greatest(p.last_seen, excluded.last_seen);
$$;
comment on function add_visits(text[], jsonb[]) is
    'Adds [{"server", "name", "ip", "joins", "kicks", "first", "last"}, …] '
    'under visits in each edit to what is known of each player''s visits';
-- +goose StatementEnd

create view player_info as
select
    p.uuid,
    p.name,
    coalesce(v.joins, 0) as joins,
    coalesce(v.kicks, 0) as kicks,
    v.first_seen,
    v.last_seen,
    n.names,
    a.addresses
from player as p
left join lateral (
    select
        sum(o.joins)::bigint as joins,
        sum(o.kicks)::bigint as kicks,
        min(o.first_seen) as first_seen,
        max(o.last_seen) as last_seen
    from player_visit as o
    where o.uuid = p.uuid
) as v on true
left join lateral (
    select coalesce(array_agg(o.name order by o.last_seen desc), '{}') as names
    from (select name, max(last_seen) as last_seen from player_name where uuid = p.uuid group by name) as o
) as n on true
left join lateral (
    select coalesce(array_agg(o.ip order by o.last_seen desc), '{}') as addresses
    from (select ip, max(last_seen) as last_seen from player_address where uuid = p.uuid group by ip) as o
) as a on true;
comment on view player_info is 'What is known of each player''s visits, all servers together; quick for one uuid';
comment on column player_info.uuid is 'player.uuid';
comment on column player_info.name is 'The current name';
comment on column player_info.joins is 'Times joined';
comment on column player_info.kicks is 'Times kicked';
comment on column player_info.first_seen is 'First seen; NULL: never, since this is noted';
comment on column player_info.last_seen is 'Last seen; NULL: never, since this is noted';
comment on column player_info.names is 'Names, the one seen last first';
comment on column player_info.addresses is 'Addresses, the one seen last first';

create view shared_address as
select
    a.ip,
    count(*) as accounts,
    array_agg(a.uuid order by a.last_seen desc) as uuids,
    array_agg(p.name order by a.last_seen desc) as names,
    array_agg(a.times order by a.last_seen desc) as times,
    max(a.last_seen) as last_seen
from (
    select ip, uuid, sum(times)::bigint as times, max(last_seen) as last_seen
    from player_address
    group by ip, uuid
) as a
join player as p on p.uuid = a.uuid
group by a.ip
having count(*) > 1;
comment on view shared_address is
    'Addresses from which several players came; quick where ip is given, or a range by ip <<=';
comment on column shared_address.ip is 'The address';
comment on column shared_address.accounts is 'How many players';
comment on column shared_address.uuids is 'Who, the one seen last first';
comment on column shared_address.names is 'Their current names, in the same order';
comment on column shared_address.times is 'How often each joined from there, in the same order';
comment on column shared_address.last_seen is 'When one of them last did';

revoke execute on function player_name_limit(), player_address_limit() from public;
grant select, insert, update, delete on player_visit, player_name, player_address to playersync_app;
grant select on player_visit, player_name to playersync_readonly;
grant select (uuid, name, joins, kicks, first_seen, last_seen, names) on player_info to playersync_readonly;
grant select on player_address, player_info, shared_address to playersync_addresses;
grant select on player_info, shared_address to playersync_app;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop view shared_address;
drop view player_info;
drop function add_visits(text[], jsonb[]);
drop table player_address;
drop table player_name;
drop table player_visit;
drop function player_address_limit();
drop function player_name_limit();
