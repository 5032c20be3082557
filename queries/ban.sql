-- name: AddBan :one
-- Bans a target, of which syncer.CheckBannedID has judged. No row: an open ban already stands,
-- and is on the synchronous standby; see AwaitStandby.
with writer as materialized (
    select
        set_config('syncer.server', sqlc.arg(server)::text, true),
        set_config('syncer.by', sqlc.arg(by)::text, true),
        pg_logical_emit_message(true, 'playersync', '')
)
insert into ban (uuid, ip, reason, banned_by, expires_at)
select
    'uuid:' || sqlc.narg(uuid)::text, sqlc.narg(ip)::inet, sqlc.arg(reason)::text, sqlc.arg(banned_by)::text,
    sqlc.narg(expires_at)::timestamptz
from writer
on conflict do nothing
returning *, ban_change(ban)::jsonb as change;

-- name: OpenBan :one
-- The ban in force of a target.
select *
from ban
where lifted_at is null
  and (expires_at is null or expires_at > now())
  and (uuid = sqlc.narg(uuid)::text or ip = sqlc.narg(ip)::inet);

-- name: LiftBan :many
-- Lifts the ban in force of a target, or of a number. No row: there was none; one that
-- has expired is over and stays as it is.
with writer as materialized (
    select set_config('syncer.server', sqlc.arg(server)::text, true), set_config('syncer.by', sqlc.arg(by)::text, true)
)
update ban
set lifted_at = greatest(clock_timestamp(), created_at),
    lifted_by = sqlc.arg(lifted_by)::text,
    lift_reason = sqlc.arg(lift_reason)::text
from writer
where lifted_at is null
  and (expires_at is null or expires_at > now())
  and (uuid = sqlc.narg(uuid)::text or ip = sqlc.narg(ip)::inet or id = sqlc.narg(number)::bigint)
returning ban.*, ban_change(ban)::jsonb as change;

-- name: BansOf :many
-- The open bans of a player id and of an address, ranges included: at most one
-- per length, found by equality so that the index answers.
select *
from ban
where lifted_at is null
  and (expires_at is null or expires_at > now())
  and (
      uuid = sqlc.narg(uuid)::text
      or ip = any(array(
          select network(set_masklen(sqlc.narg(ip)::inet, length))::inet
          from generate_series(0, masklen(sqlc.narg(ip)::inet)) as length
      ))
  )
order by id;

-- name: ListBans :many
-- Bans, newest first, after the given one; every filter is optional. Each query
-- behind it has one condition more, which an index serves.
select *
from ban
where id < sqlc.arg(before)::bigint
  and ban_matches(
      ban, sqlc.narg(banned_by)::text, sqlc.narg(lifted_by)::text, sqlc.narg(active)::boolean,
      sqlc.narg(created_from)::timestamptz, sqlc.narg(created_to)::timestamptz,
      sqlc.narg(reason)::text, sqlc.narg(kind)::text
  )
order by id desc
limit sqlc.arg(page_size);

-- name: ListBansOf :many
-- ListBans of one player id.
select *
from ban
where id < sqlc.arg(before)::bigint
  and ban_matches(
      ban, sqlc.narg(banned_by)::text, sqlc.narg(lifted_by)::text, sqlc.narg(active)::boolean,
      sqlc.narg(created_from)::timestamptz, sqlc.narg(created_to)::timestamptz,
      sqlc.narg(reason)::text, sqlc.narg(kind)::text
  )
  and uuid = sqlc.arg(uuid)::text
order by id desc
limit sqlc.arg(page_size);

-- name: ListBansMeeting :many
-- ListBans that meet one player or did: of the id, of the addresses known of the player,
-- and of the ranges around them. Found first like those of a range.
select *
from ban
where id < sqlc.arg(before)::bigint
  and ban_matches(
      ban, sqlc.narg(banned_by)::text, sqlc.narg(lifted_by)::text, sqlc.narg(active)::boolean,
      sqlc.narg(created_from)::timestamptz, sqlc.narg(created_to)::timestamptz,
      sqlc.narg(reason)::text, sqlc.narg(kind)::text
  )
  and id = any(array(
      select id
      from ban
      where uuid = sqlc.arg(uuid)::text
      union all
      select id
      from ban
      where ip = any(array(
          select distinct network(set_masklen(a.ip, length))::inet
          from player_address as a
          cross join generate_series(0, masklen(a.ip)) as length
          where a.uuid = sqlc.arg(uuid)::text
      ))
  ))
order by id desc
limit sqlc.arg(page_size);

-- name: ListBansOverlapping :many
-- ListBans of an address or range: what lies in it, which sorts together, and the
-- ranges around it, at most one per length. They are found first: else the plan may
-- walk all bans by number in the hope of filling a page early.
select *
from ban
where id < sqlc.arg(before)::bigint
  and ban_matches(
      ban, sqlc.narg(banned_by)::text, sqlc.narg(lifted_by)::text, sqlc.narg(active)::boolean,
      sqlc.narg(created_from)::timestamptz, sqlc.narg(created_to)::timestamptz,
      sqlc.narg(reason)::text, sqlc.narg(kind)::text
  )
  and id = any(array(
      select id
      from ban
      where ip between sqlc.arg(ip)::inet
          and set_masklen(broadcast(sqlc.arg(ip)::inet), case family(sqlc.arg(ip)::inet) when 4 then 32 else 128 end)
         or ip = any(array(
             select network(set_masklen(sqlc.arg(ip)::inet, length))::inet
             from generate_series(0, masklen(sqlc.arg(ip)::inet)) as length
         ))
  ))
order by id desc
limit sqlc.arg(page_size);

-- name: ListBansBy :many
-- ListBans by one author.
select *
from ban
where id < sqlc.arg(before)::bigint
  and ban_matches(
      ban, sqlc.narg(banned_by)::text, sqlc.narg(lifted_by)::text, sqlc.narg(active)::boolean,
      sqlc.narg(created_from)::timestamptz, sqlc.narg(created_to)::timestamptz,
      sqlc.narg(reason)::text, sqlc.narg(kind)::text
  )
  and banned_by = sqlc.narg(banned_by)::text
order by id desc
limit sqlc.arg(page_size);

-- name: ListBansLiftedBy :many
-- ListBans that one person lifted.
select *
from ban
where id < sqlc.arg(before)::bigint
  and ban_matches(
      ban, sqlc.narg(banned_by)::text, sqlc.narg(lifted_by)::text, sqlc.narg(active)::boolean,
      sqlc.narg(created_from)::timestamptz, sqlc.narg(created_to)::timestamptz,
      sqlc.narg(reason)::text, sqlc.narg(kind)::text
  )
  and lifted_by = sqlc.narg(lifted_by)::text
order by id desc
limit sqlc.arg(page_size);

-- name: ListBansCreated :many
-- ListBans of a period, found first like those of a range.
select *
from ban
where id < sqlc.arg(before)::bigint
  and ban_matches(
      ban, sqlc.narg(banned_by)::text, sqlc.narg(lifted_by)::text, sqlc.narg(active)::boolean,
      sqlc.narg(created_from)::timestamptz, sqlc.narg(created_to)::timestamptz,
      sqlc.narg(reason)::text, sqlc.narg(kind)::text
  )
  and id = any(array(
      select id
      from ban
      where created_at >= coalesce(sqlc.narg(created_from)::timestamptz, '-infinity')
        and created_at < coalesce(sqlc.narg(created_to)::timestamptz, 'infinity')
  ))
order by id desc
limit sqlc.arg(page_size);

-- name: ListOpenBans :many
-- ListBans that were not lifted.
select *
from ban
where id < sqlc.arg(before)::bigint
  and ban_matches(
      ban, sqlc.narg(banned_by)::text, sqlc.narg(lifted_by)::text, sqlc.narg(active)::boolean,
      sqlc.narg(created_from)::timestamptz, sqlc.narg(created_to)::timestamptz,
      sqlc.narg(reason)::text, sqlc.narg(kind)::text
  )
  and lifted_at is null
order by id desc
limit sqlc.arg(page_size);

-- name: BanByNumber :one
select *
from ban
where id = sqlc.arg(id);

-- name: ChangeBan :many
-- Gives an open ban another reason or expiry; what is not given stays. No row: no
-- such ban, or it is over, or it has another revision than the expected one.
with writer as materialized (
    select set_config('syncer.server', sqlc.arg(server)::text, true), set_config('syncer.by', sqlc.arg(by)::text, true)
)
update ban
set reason = coalesce(sqlc.narg(reason)::text, reason),
    expires_at = case when sqlc.arg(set_expiry)::boolean then sqlc.narg(expires_at)::timestamptz else expires_at end
from writer
where id = sqlc.arg(id)
  and lifted_at is null
  and (expires_at is null or expires_at > now())
  and revision = coalesce(sqlc.narg(expected)::bigint, revision)
returning ban.*, ban_change(ban)::jsonb as change;

-- name: AddBanNote :one
insert into ban_note (ban, written_by, text)
values (sqlc.arg(ban), sqlc.arg(written_by), sqlc.arg(text))
returning *;

-- name: BanNotes :many
-- The notes of bans, oldest first.
select *
from ban_note
where ban = any(sqlc.arg(bans)::bigint[])
order by ban, id;
