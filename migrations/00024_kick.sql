-- Requests to kick a player who is online.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table kick (
    id        bigint      generated always as identity,
    at        timestamptz not null default clock_timestamp(),
    uuid      text        not null,
    reason    text        not null default '',
    kicked_by text        not null default '',
    constraint kick_pkey primary key (id),
    constraint kick_uuid_form check (length(uuid) between 1 and 64 and uuid !~ '[[:cntrl:]]'),
    constraint kick_reason_length check (length(reason) <= 512),
    constraint kick_kicked_by_length check (length(kicked_by) <= 512)
);
comment on table kick is
    'INSERT asks the game servers where a player is to kick him. A request counts for a minute and is deleted then';
comment on column kick.id is 'Number';
comment on column kick.at is 'When';
comment on column kick.uuid is 'Whom';
comment on column kick.reason is 'Why, for the player to read';
comment on column kick.kicked_by is 'Who asks; empty: nobody is named';

-- +goose StatementBegin
create function kick_inserted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(feed_change('kick', n.id::text) || jsonb_build_object('q', to_jsonb(n))) into changes
    from (select * from changed_rows limit feed_limit() + 1) as n;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function kick_inserted() is 'Feed trigger. Sends requests as q';
-- +goose StatementEnd

-- +goose StatementBegin
create function kick_audited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    insert into audit (entity, uuid, field, new) values ('player', new.uuid, 'kick', to_jsonb(new.reason));
    return null;
end
$$;
comment on function kick_audited() is 'Audit trigger. Who was to be kicked, and why';
-- +goose StatementEnd

-- +goose StatementBegin
create function kick_meant() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
    new.uuid := spelled_id(new.uuid);
    if not exists (select from session as s where s.uuid = new.uuid) then
        raise notice '% is on no game server', new.uuid
            using hint = 'The id of the one player of a name is player_id(''Steve'').';
    end if;
    return new;
end
$$;
comment on function kick_meant() is 'Gives the id its one spelling, and says in psql that nobody is asked to kick him';
-- +goose StatementEnd

create trigger kick_meant before insert on kick for each row execute function kick_meant();
create trigger feed_insert after insert on kick
    referencing new table as changed_rows for each statement execute function kick_inserted();
create trigger audit_insert after insert on kick for each row execute function kick_audited();
alter table kick enable always trigger kick_meant;
alter table kick enable always trigger feed_insert;
alter table kick enable always trigger audit_insert;

revoke execute on function kick_inserted(), kick_audited() from public;
grant select, insert, delete on kick to playersync_app;
grant select on kick to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop table kick;
drop function kick_meant();
drop function kick_audited();
drop function kick_inserted();
