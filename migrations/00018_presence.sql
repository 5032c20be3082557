-- Presence: which player is on which game server, and who was last seen where.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table server_lease (
    server       text        not null,
    run          uuid        not null,
    started_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    contested_at timestamptz,
    constraint server_lease_pkey primary key (server),
    constraint server_lease_server_run_key unique (server, run),
    constraint server_lease_server_fkey foreign key (server) references server (name)
        on update cascade on delete cascade
);
comment on table server_lease is
    'Game servers whose sidecar lives, which renews the lease every few '
    'seconds. Any sidecar removes one that has run out, with its sessions';
comment on column server_lease.server is 'The game server: server.name';
comment on column server_lease.run is
    'The process that speaks for it, drawn at its start. Of two with the same server the newer one takes over';
comment on column server_lease.started_at is 'Since when it speaks for the server without a break';
comment on column server_lease.expires_at is 'When it counts as dead unless it renews the lease';
comment on column server_lease.contested_at is
    'When another living process last said that it speaks for the server: server.name is the same twice. NULL: never';

create table session (
    server   text        not null,
    uuid     text        not null collate "C",
    run      uuid        not null,
    name     text        not null default '',
    gamemode text        not null,
    since    timestamptz not null default now(),
    revision bigint      not null default nextval('revision'),
    constraint session_pkey primary key (server, uuid),
    constraint session_server_lease_fkey foreign key (server, run) references server_lease (server, run)
        on update cascade,
    constraint session_uuid_form check (length(uuid) between 1 and 64 and uuid !~ '[[:cntrl:]]'),
    constraint session_name_length check (length(name) <= 512),
    constraint session_gamemode_form check (length(gamemode) between 1 and 64 and gamemode !~ '[[:cntrl:]]'),
    constraint session_since_range check (since between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00')
);
comment on table session is
    'Players on game servers, also on several at once. Each hangs off its server''s '
    'lease and goes with it. Sidecars own it: what is edited here they put right';
comment on column session.server is 'server.name';
comment on column session.uuid is 'player.uuid';
comment on column session.run is 'The lease it hangs off';
comment on column session.name is 'The name at the join, colour tags included';
comment on column session.gamemode is 'The gamemode joined';
comment on column session.since is 'When the player joined';
comment on column session.revision is 'Newer state, higher number';

create table last_seen (
    uuid   text        not null,
    server text        not null,
    at     timestamptz not null,
    constraint last_seen_pkey primary key (uuid, server),
    constraint last_seen_player_fkey foreign key (uuid) references player (uuid) on update cascade on delete cascade,
    constraint last_seen_server_form check (length(server) between 1 and 64 and server !~ '[[:cntrl:]]'),
    constraint last_seen_at_range check (at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00')
);
comment on table last_seen is 'When players were last on each server, written as their sessions end';
comment on column last_seen.uuid is 'The player';
comment on column last_seen.server is 'server.name';
comment on column last_seen.at is 'When the last session there ended: of a server that died, when its lease ran out';

insert into turn (name) values ('session');
create trigger session_in_turn before insert or update or delete on session
    for each statement execute function write_in_turn('session');
create trigger session_in_turn before insert or delete on server_lease
    for each statement execute function write_in_turn('session');
alter table session enable always trigger session_in_turn;
alter table server_lease enable always trigger session_in_turn;

-- +goose StatementBegin
create function server_lease_ends() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    delete from session where server = old.server;
    return old;
end
$$;
comment on function server_lease_ends() is 'Ends a lease''s sessions while it is still there to say how long it lasted';
-- +goose StatementEnd

create trigger server_lease_ends before delete on server_lease
    for each row execute function server_lease_ends();
alter table server_lease enable always trigger server_lease_ends;

-- +goose StatementBegin
create function session_ended() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    insert into last_seen (uuid, server, at)
    select r.uuid, r.server, greatest(r.since, least(clock_timestamp(), l.expires_at))
    from changed_rows as r
    join player as p on p.uuid = r.uuid
    left join server_lease as l on l.server = r.server
    order by r.uuid, r.server
    on conflict (uuid, server) do update set at = greatest(last_seen.at, excluded.at);
    return null;
end
$$;
comment on function session_ended() is 'Notes in last_seen when sessions ended, of players that are stored';
-- +goose StatementEnd

create trigger session_ended after delete on session
    referencing old table as changed_rows for each statement execute function session_ended();
alter table session enable always trigger session_ended;

-- +goose StatementBegin
create function session_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(
        feed_change('session', r.server || e'\t' || r.uuid) || case
            when tg_op = 'INSERT' then jsonb_build_object('s', to_jsonb(r) - 'run', 'o', true)
            else jsonb_build_object(
                's', to_jsonb(r) - 'run' || jsonb_build_object('revision', nextval('revision')),
                'o', false
            )
        end
    ) into changes
    from (select * from changed_rows limit 129) as r;
    if cardinality(changes) > 128 then
        changes := array[feed_change('session', null)];
    end if;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function session_changed() is
    'Feed trigger. Sends sessions as s, with o whether they '
    'begin or end; of many at once, that all is to be read again';
-- +goose StatementEnd

create trigger feed_insert after insert on session
    referencing new table as changed_rows for each statement execute function session_changed();
create trigger feed_update after update on session
    referencing new table as changed_rows for each statement execute function feed_table_changed();
create trigger feed_delete after delete on session
    referencing old table as changed_rows for each statement execute function session_changed();
create trigger feed_truncate after truncate on session
    for each statement execute function feed_truncated('session');
alter table session enable always trigger feed_insert;
alter table session enable always trigger feed_update;
alter table session enable always trigger feed_delete;
alter table session enable always trigger feed_truncate;

-- +goose StatementBegin
create function server_lease_renew(run uuid, servers text[], claimed text[], lasts interval)
returns table (server text, sessions text, contested boolean)
language plpgsql
as $$
#variable_conflict use_column
begin
    delete from public.server_lease as l
    where l.run <> server_lease_renew.run
      and (l.server = any(server_lease_renew.claimed) or l.expires_at < clock_timestamp());
    update public.server_lease as l
    set contested_at = clock_timestamp()
    where l.server = any(server_lease_renew.servers) and l.run <> server_lease_renew.run;
    return query
    insert into public.server_lease as l (server, run, expires_at)
    select mine, server_lease_renew.run, clock_timestamp() + server_lease_renew.lasts
    from unnest(server_lease_renew.servers) as mine
    order by mine
    on conflict (server) do update set expires_at = excluded.expires_at
    where l.run = excluded.run
    returning l.server, (
        select encode(sha256(convert_to(coalesce(string_agg(
            concat_ws(e'\t', s.uuid, s.name, s.gamemode, (extract(epoch from s.since) * 1000)::bigint),
            e'\n' order by s.uuid
        ), ''), 'UTF8')), 'hex')
        from public.session as s
        where s.server = l.server
    ), coalesce(l.contested_at > clock_timestamp() - server_lease_renew.lasts, false);
end
$$;
comment on function server_lease_renew(uuid, text[], text[], interval) is
    'Removes leases that ran out, takes over those claimed and renews the run''s own. Returns the servers '
    'it speaks for, each with a digest of its sessions: SHA-256 of uuid, name, gamemode and milliseconds '
    'since 1970, tabs between, a line feed between two; and whether another run asked for it lately. One that '
    'is missing has another, living run';
-- +goose StatementEnd

-- +goose StatementBegin
create function session_sync(run uuid, arrived jsonb, departed jsonb, complete text[]) returns void
language plpgsql
as $$
begin
    delete from public.session as s
    using jsonb_to_recordset(session_sync.departed) as d (server text, uuid text)
    where s.server = d.server and s.uuid = d.uuid and s.run = session_sync.run;

    delete from public.session as s
    using jsonb_to_recordset(session_sync.arrived)
        as a (server text, uuid text, name text, gamemode text, since timestamptz)
    where s.server = a.server and s.uuid = a.uuid and s.run = session_sync.run
      and (s.name, s.gamemode, s.since) is distinct from (a.name, a.gamemode, a.since);

    if cardinality(session_sync.complete) > 0 then
        delete from public.session as s
        where s.server = any(session_sync.complete) and s.run = session_sync.run
          and (s.server, s.uuid) not in (
              select a.server, a.uuid
              from jsonb_to_recordset(session_sync.arrived) as a (server text, uuid text)
          );
    end if;

    insert into public.session (server, uuid, run, name, gamemode, since)
    select a.server, a.uuid, l.run, a.name, a.gamemode, a.since
    from jsonb_to_recordset(session_sync.arrived)
        as a (server text, uuid text, name text, gamemode text, since timestamptz)
    join public.server_lease as l on l.server = a.server and l.run = session_sync.run
    order by a.since
    on conflict (server, uuid) do nothing;
end
$$;
comment on function session_sync(uuid, jsonb, jsonb, text[]) is
    'Stores who came to a run''s servers and who left: arrived are its sessions as '
    'columns of session, departed their server and uuid. On the servers in complete '
    'there is nobody but those arrived. Without the lease nothing is stored';
-- +goose StatementEnd

create view online as
select
    s.server,
    s.name,
    s.since,
    date_trunc('second', now() - s.since) as for_how_long,
    s.gamemode,
    s.uuid
from session as s
join server_lease as l on l.server = s.server and l.expires_at > clock_timestamp()
order by s.server, s.since;
comment on view online is 'Who is on which server now; a player on two servers is in it twice';
comment on column online.server is 'The game server';
comment on column online.name is 'The player''s name at the join';
comment on column online.since is 'When the player joined';
comment on column online.for_how_long is 'How long ago that is';
comment on column online.gamemode is 'The gamemode joined';
comment on column online.uuid is 'player.uuid';

create view server_overview as
select
    v.name,
    v.gamemode,
    v.address,
    v.version,
    coalesce(l.expires_at > clock_timestamp(), false) as alive,
    case when l.expires_at > clock_timestamp() then l.started_at end as since,
    (select count(*) from online as o where o.server = v.name) as players,
    coalesce(l.contested_at > clock_timestamp() - interval '1 minute', false) as contested
from server as v
left join server_lease as l on l.server = v.name
order by v.name;
comment on view server_overview is 'One line per game server, for people';
comment on column server_overview.name is 'server.name';
comment on column server_overview.gamemode is 'server.gamemode';
comment on column server_overview.address is 'server.address';
comment on column server_overview.version is 'Version of its sidecar';
comment on column server_overview.alive is 'Whether its sidecar lives';
comment on column server_overview.since is 'Since when it does without a break; NULL: it does not';
comment on column server_overview.players is 'How many players are on it';
comment on column server_overview.contested is
    'Whether two sidecars have spoken for it in the last minute: server.name is the same twice';

-- +goose StatementBegin
create function player_id(who text) returns text
language plpgsql
stable
strict
set search_path = pg_catalog, public, pg_temp
as $$
declare
    id        text := spelled_id(regexp_replace(who, '^uuid:', ''));
    namesakes text[];
begin
    if exists (select from player as p where p.uuid = id) then
        return id;
    end if;
    if starts_with(who, 'uuid:') then
        raise exception 'no player has the id %', id using errcode = 'no_data_found';
    end if;
    namesakes := array(
        select p.uuid from player as p where lower(p.name) = lower(who)
        union
        select o.uuid from online as o where lower(o.name) = lower(who)
        order by 1
    );
    case cardinality(namesakes)
        when 0 then
            raise exception 'no player has the id or name %', who using errcode = 'no_data_found';
        when 1 then
            return namesakes[1];
        else
            raise exception '% players are called %', cardinality(namesakes), who
                using errcode = 'too_many_rows', hint = 'Give the id of one: ' || array_to_string(namesakes[:5], ', ');
    end case;
end
$$;
comment on function player_id(text) is
    'The id of the player who has that id, a UUID in any spelling, or else that name, in any case, stored or '
    'online; with uuid: in front it is an id only. Refused if nobody has it, or several';
-- +goose StatementEnd

revoke execute on function server_lease_ends(), session_ended(), session_changed() from public;
grant select, insert, update, delete on server_lease, session, last_seen to playersync_app;
grant select on server_lease, session, last_seen, online, server_overview to playersync_readonly;
grant select on online, server_overview to playersync_app;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function player_id(text);
drop view server_overview;
drop view online;
drop function session_sync(uuid, jsonb, jsonb, text[]);
drop function server_lease_renew(uuid, text[], text[], interval);
drop table last_seen;
drop table session;
drop table server_lease;
drop function session_changed();
drop function session_ended();
drop function server_lease_ends();
delete from turn where name = 'session';
