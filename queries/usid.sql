-- name: AddUSIDRejection :exec
-- Records that a game server rejected a usid, once, and forgets those of long ago.
with pruned as (
    delete from usid_rejection
    where rejected_at < now() - interval '30 days'
)
insert into usid_rejection (code, uuid, address, usid)
values (sqlc.arg(code), sqlc.arg(uuid), sqlc.arg(address), sqlc.arg(usid))
on conflict do nothing;

-- name: OpenUSIDRejections :many
-- Those that nobody approved, newest first.
select r.code, r.uuid, r.address, r.rejected_at, coalesce(p.name, '') as name, coalesce(p.rank, '') as rank
from usid_rejection as r
left join player as p on p.uuid = r.uuid
where r.approved_at is null
order by r.rejected_at desc, r.code, r.address, r.uuid
limit sqlc.arg(page_size);

-- name: ApproveUSID :one
-- Approves a code and returns what that was. Without an address it must be open at one
-- game server only, or the function fails. Only an outer join makes sure that the
-- function runs: the planner may skip what can match nothing.
with writer as materialized (
    select set_config('syncer.server', sqlc.arg(server)::text, true), set_config('syncer.by', sqlc.arg(by)::text, true)
),
approved as materialized (
    select approve_usid(sqlc.arg(code)::text, nullif(sqlc.arg(address)::text, ''))::text as uuid
    from writer
)
select
    sqlc.arg(code)::text as code, a.uuid, coalesce(r.address, '')::text as address, r.rejected_at,
    coalesce(p.name, '') as name, coalesce(p.rank, '') as rank
from approved as a
left join usid_rejection as r on r.uuid = a.uuid and r.code = sqlc.arg(code)::text
    and (sqlc.arg(address)::text = '' or r.address = sqlc.arg(address)::text)
    and r.approved_at is null -- this statement does not see that it is now
left join player as p on p.uuid = a.uuid;
