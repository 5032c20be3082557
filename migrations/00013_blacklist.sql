-- Addresses that attacked a server, network-wide.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table blacklisted_address (
    address  text        not null collate "C",
    added_at timestamptz not null default now(),
    added_by text        not null default session_user,
    revision bigint      not null default nextval('revision'),
    constraint blacklisted_address_pkey primary key (address),
    constraint blacklisted_address_address_form check (length(address) between 1 and 255 and address !~ '[[:cntrl:]]'),
    constraint blacklisted_address_added_by_length check (length(added_by) <= 512)
);
comment on table blacklisted_address is
    'Addresses that attacked a server, exactly as it wrote them. INSERT and DELETE reach every server';
comment on column blacklisted_address.address is 'The address, letter for letter';
comment on column blacklisted_address.added_at is 'Since when';
comment on column blacklisted_address.added_by is 'The game server or person that added it';
comment on column blacklisted_address.revision is 'Newer state, higher number';

insert into turn (name) values ('blacklisted_address');
create trigger blacklisted_address_in_turn before insert or update or delete on blacklisted_address
    for each statement execute function write_in_turn('blacklisted_address');
alter table blacklisted_address enable always trigger blacklisted_address_in_turn;

-- +goose StatementBegin
create function blacklisted_address_meant() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.address !~ '^[0-9]{1,3}(\.[0-9]{1,3}){3}$' and new.address !~ '^[0-9a-fA-F]*:[0-9a-fA-F:.]*(%.*)?$' then
        raise notice '"%" is not one address: servers compare letter for letter, and it keeps nobody out', new.address;
    end if;
    return new;
end
$$;
comment on function blacklisted_address_meant() is 'Says in psql of a text that is no address that it keeps nobody out';
-- +goose StatementEnd

create trigger blacklisted_address_meant before insert or update of address on blacklisted_address
    for each row execute function blacklisted_address_meant();
alter table blacklisted_address enable always trigger blacklisted_address_meant;

-- +goose StatementBegin
create function blacklisted_address_change(address text, revision bigint, listed boolean) returns jsonb
language sql volatile
as $$
    select feed_change('blacklisted_address', address) || jsonb_build_object('r', revision, 'o', listed)
$$;
comment on function blacklisted_address_change(text, bigint, boolean) is
    'An address as it travels: feed_change with r revision, o whether it is listed';
-- +goose StatementEnd

-- +goose StatementBegin
create function blacklisted_address_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    -- An address that the same statement removed and added is read back.
    select array_agg(case
        when tg_op = 'INSERT' then blacklisted_address_change(r.address, r.revision, true)
        when exists (select from blacklisted_address as b where b.address = r.address)
            then feed_change('blacklisted_address', r.address)
        else blacklisted_address_change(r.address, nextval('revision'), false)
    end) into changes
    from (select address, revision from changed_rows limit feed_limit() + 1) as r;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function blacklisted_address_changed() is 'Feed trigger. Sends addresses that come or go';
-- +goose StatementEnd

create trigger feed_insert after insert on blacklisted_address
    referencing new table as changed_rows for each statement execute function blacklisted_address_changed();
create trigger feed_update after update on blacklisted_address
    referencing new table as changed_rows for each statement execute function feed_table_changed();
create trigger feed_delete after delete on blacklisted_address
    referencing old table as changed_rows for each statement execute function blacklisted_address_changed();
create trigger feed_truncate after truncate on blacklisted_address
    for each statement execute function feed_truncated('blacklisted_address');
alter table blacklisted_address enable always trigger feed_insert;
alter table blacklisted_address enable always trigger feed_update;
alter table blacklisted_address enable always trigger feed_delete;
alter table blacklisted_address enable always trigger feed_truncate;

revoke execute on function blacklisted_address_changed() from public;
grant select, insert, update, delete on blacklisted_address to playersync_app;
grant select on blacklisted_address to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop table blacklisted_address;
drop function blacklisted_address_changed();
drop function blacklisted_address_meant();
drop function blacklisted_address_change(text, bigint, boolean);
delete from turn where name = 'blacklisted_address';
