-- name: AddUSIDRejection :exec
-- Records that a game server rejected a usid, once, and forgets those of long ago.
with pruned as (
    delete from usid_rejection
    where rejected_at < now() - interval '30 days'
)
insert into usid_rejection (code, uuid, address, usid)
values (sqlc.arg(code), sqlc.arg(uuid), sqlc.arg(address), sqlc.arg(usid))
on conflict do nothing;
