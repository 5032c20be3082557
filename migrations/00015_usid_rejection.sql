-- Proofs of identity that game servers rejected, and their approval, each code at most once.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table usid_rejection (
    code        text        not null,
    uuid        text        not null,
    address     text        not null,
    usid        text        not null,
    rejected_at timestamptz not null default now(),
    approved_at timestamptz,
    constraint usid_rejection_pkey primary key (code, address, uuid),
    constraint usid_rejection_code_form check (length(code) between 1 and 64 and code !~ '[[:cntrl:]]'),
    constraint usid_rejection_uuid_form check (length(uuid) between 1 and 64 and uuid !~ '[[:cntrl:]]'),
    constraint usid_rejection_address_form check (length(address) between 1 and 64 and address !~ '[[:cntrl:]]'),
    constraint usid_rejection_usid_length check (length(usid) between 1 and 256)
);
create index usid_rejection_rejected_at_idx on usid_rejection (rejected_at);
comment on table usid_rejection is
    'Privileged players that a game server turned away for another usid than the stored one; kept for 30 days';
comment on column usid_rejection.code is 'What the player was told to show to an administrator';
comment on column usid_rejection.uuid is 'player.uuid';
comment on column usid_rejection.address is 'ip:port of the game server; indexes player.addresses';
comment on column usid_rejection.usid is 'The usid that was rejected; secret, not for playersync_readonly';
comment on column usid_rejection.rejected_at is 'When';
comment on column usid_rejection.approved_at is 'When approve_usid stored it; NULL: not';

-- +goose StatementBegin
create function approve_usid(code text, address text default null) returns text
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
                    using errcode = 'object_not_in_prerequisite_state',
                        hint = 'Each code is good for one approval; the next rejection has a new one.';
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
    'Stores the usid that was rejected with this code for the game server that '
    'rejected it, from the next join on, once; returns the player''s uuid';
-- +goose StatementEnd

revoke execute on function approve_usid(text, text) from public;
grant execute on function approve_usid(text, text) to playersync_app;
grant select, insert, update, delete on usid_rejection to playersync_app;
grant select (code, uuid, address, rejected_at, approved_at) on usid_rejection to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function approve_usid(text, text);
drop table usid_rejection;
