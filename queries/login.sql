-- name: LoginRights :one
-- What a login may see and do, by its memberships; no row if it may not log in any more.
select
    pg_has_role(r.oid, 'playersync_app', 'member') as act,
    pg_has_role(r.oid, 'playersync_readonly', 'member') as see,
    pg_has_role(r.oid, 'playersync_addresses', 'member') as addresses
from pg_catalog.pg_roles as r
where r.rolname = sqlc.arg(name)::text
  and r.rolcanlogin
  and coalesce(r.rolvaliduntil, 'infinity') > now();
