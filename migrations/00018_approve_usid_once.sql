-- A code is approved at most once.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

-- +goose StatementBegin
create or replace function approve_usid(code text, address text default null) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    rejection usid_rejection;
begin
    begin
        select r.* into strict rejection
        from usid_rejection as r
        where r.code = approve_usid.code and r.address = coalesce(approve_usid.address, r.address)
            and r.approved_at is null
        for update;
    exception
        when no_data_found then
            if exists (
                select from usid_rejection as r
                where r.code = approve_usid.code and r.address = coalesce(approve_usid.address, r.address)
            ) then
                raise exception 'code % was approved already', code
                    using errcode = 'object_not_in_prerequisite_state', hint = 'Each code is good for one approval; the next rejection has a new one.';
            end if;
            raise exception 'no usid was rejected with code %', code using errcode = 'no_data_found';
        when too_many_rows then
            raise exception 'code % was given by several game servers', code
                using errcode = 'too_many_rows', hint = 'Name one: approve_usid(code, address).';
    end;
    update player as p
    set addresses = p.addresses || jsonb_build_object(rejection.address, jsonb_build_object('usid', rejection.usid))
    where p.uuid = rejection.uuid;
    if not found then
        raise exception 'there is no player %', rejection.uuid using errcode = 'no_data_found';
    end if;
    update usid_rejection as r
    set approved_at = now()
    where (r.code, r.address, r.uuid) = (rejection.code, rejection.address, rejection.uuid);
    return rejection.uuid;
end
$$;
comment on function approve_usid(text, text) is
    'Stores the usid that was rejected with this code for the game server that rejected it, from the next join on, once; returns the player''s uuid';
-- +goose StatementEnd

reset role;

-- +goose Down
set local lock_timeout = '5s';
set local role playersync_owner;

-- +goose StatementBegin
create or replace function approve_usid(code text, address text default null) returns text
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    rejection usid_rejection;
begin
    begin
        select r.* into strict rejection
        from usid_rejection as r
        where r.code = approve_usid.code and r.address = coalesce(approve_usid.address, r.address)
        for update;
    exception
        when no_data_found then
            raise exception 'no usid was rejected with code %', code using errcode = 'no_data_found';
        when too_many_rows then
            raise exception 'code % was given by several game servers', code
                using errcode = 'too_many_rows', hint = 'Name one: approve_usid(code, address).';
    end;
    update player as p
    set addresses = p.addresses || jsonb_build_object(rejection.address, jsonb_build_object('usid', rejection.usid))
    where p.uuid = rejection.uuid;
    if not found then
        raise exception 'there is no player %', rejection.uuid using errcode = 'no_data_found';
    end if;
    update usid_rejection as r
    set approved_at = now()
    where (r.code, r.address, r.uuid) = (rejection.code, rejection.address, rejection.uuid);
    return rejection.uuid;
end
$$;
comment on function approve_usid(text, text) is
    'Stores the usid that was rejected with this code for the game server that rejected it, from the next join on; returns the player''s uuid';
-- +goose StatementEnd

reset role;
