-- name: FreeForwarderSlots :many
-- The places of forwarders that nobody holds at this moment.
select slot::integer as slot
from unnest(sqlc.arg(slots)::integer[]) as slot
where pg_try_advisory_xact_lock(sqlc.arg(class)::integer, slot);

-- name: TakeForwarderSlot :one
-- Takes the place of a forwarder until the session ends; false: somebody holds it.
select pg_try_advisory_lock(sqlc.arg(class), sqlc.arg(slot))::boolean as taken;
