-- name: AddBlacklistedAddresses :many
-- Adds addresses and returns those that are new, as changes. The others are on the synchronous
-- standby; see AwaitStandby.
with begun as materialized (
    select pg_logical_emit_message(true, 'playersync', '')
)
insert into blacklisted_address as b (address, added_by)
select wanted.address, coalesce(nullif(sqlc.arg(added_by)::text, ''), session_user)
from (select unnest(sqlc.arg(addresses)::text[]) as address) as wanted
cross join begun
order by wanted.address
on conflict do nothing
returning blacklisted_address_change(b.address, b.revision, true)::jsonb as change;

-- name: RemoveBlacklistedAddress :many
-- Removes an address and returns what that changed.
delete from blacklisted_address as b
where b.address = sqlc.arg(address)
returning blacklisted_address_change(b.address, nextval('revision'), false)::jsonb as change;

-- name: BlacklistedAddresses :many
-- All addresses.
select address, revision
from blacklisted_address;

-- name: ListBlacklistedAddresses :many
-- Addresses behind one, in their order; those that contain a text, if one is given.
select address, added_at, added_by
from blacklisted_address
where address > sqlc.arg(after)::text collate "C"
  and (sqlc.arg(part)::text = '' or strpos(lower(address), lower(sqlc.arg(part)::text)) > 0)
order by address
limit sqlc.arg(page_size);
