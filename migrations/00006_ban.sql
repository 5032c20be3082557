-- Bans: of a player id, or of an address or CIDR range. Lifted ones stay as history.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table ban (
    id          bigint      generated always as identity,
    uuid        text,
    ip          inet,
    reason      text        not null default '',
    banned_by   text        not null default session_user,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz,
    lifted_at   timestamptz,
    lifted_by   text,
    lift_reason text,
    revision    bigint      not null default nextval('revision'),

    constraint ban_pkey primary key (id),
    constraint ban_one_target check (num_nonnulls(uuid, ip) = 1),
    constraint ban_uuid_form check (length(uuid) between 1 and 64 and uuid !~ '[[:cntrl:]]|^ | $'),
    constraint ban_ip_is_network check (ip = network(ip)),
    constraint ban_ip_not_mapped check (not ip <<= '::ffff:0:0/96'),
    constraint ban_reason_length check (length(reason) <= 2000),
    constraint ban_banned_by_length check (length(banned_by) <= 512),
    constraint ban_created_at_range check (created_at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'),
    constraint ban_expires_at_range check (
        expires_at > created_at
        and (expires_at = 'infinity' or expires_at <= '9999-12-31 23:59:59.999+00')
    ),
    constraint ban_lifted_at_range check (
        lifted_at >= created_at
        and lifted_at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint ban_lifted_by_length check (length(lifted_by) <= 512),
    constraint ban_lift_reason_length check (length(lift_reason) <= 2000),
    constraint ban_lift_complete check (lifted_at is not null or (lifted_by is null and lift_reason is null))
);
create unique index ban_open_uuid_key on ban (uuid) where lifted_at is null;
create unique index ban_open_ip_key on ban (ip) where lifted_at is null;
create index ban_open_expires_at_idx on ban (expires_at) where lifted_at is null and expires_at is not null;
create index ban_uuid_idx on ban (uuid, id) where uuid is not null;
create index ban_ip_idx on ban (ip, id) where ip is not null;
create index ban_banned_by_idx on ban (banned_by, id);
create index ban_lifted_by_idx on ban (lifted_by, id) where lifted_by is not null;
create index ban_created_at_idx on ban (created_at);
create index ban_open_idx on ban (id) where lifted_at is null;
comment on table ban is
    'Bans of player ids and of addresses. INSERT bans, DELETE or '
    'setting lifted_at unbans; every sidecar knows within milliseconds';
comment on column ban.id is 'Number of the ban';
comment on column ban.uuid is
    'The banned player id, a UUID in any spelling; NULL if an address is banned. What is clearly no id is refused, '
    'unless uuid: in front says that it is one';
comment on column ban.ip is 'The banned address or CIDR range, without host bits; NULL if an id is banned';
comment on column ban.reason is 'Shown to the player';
comment on column ban.banned_by is 'Who banned';
comment on column ban.created_at is 'Since when';
comment on column ban.expires_at is 'Until when; NULL or infinity until lifted';
comment on column ban.lifted_at is
    'When it was lifted; expires_at, without lifted_by, once it has expired and is closed; NULL while it is open';
comment on column ban.lifted_by is 'Who lifted it; NULL if it expired';
comment on column ban.lift_reason is 'Why it was lifted';
comment on column ban.revision is
    'Newer state, higher number. Set by a trigger when target, expiry or openness changes';
comment on index ban_open_uuid_key is 'One open ban per player id';
comment on index ban_open_ip_key is 'One open ban per address or range';
comment on index ban_banned_by_idx is 'For the list of one author';
comment on index ban_lifted_by_idx is 'For the list of what one person lifted';
comment on index ban_created_at_idx is 'For the list of a period';
comment on index ban_open_idx is 'For the list of those in force, which are few among many lifted';

-- +goose StatementBegin
create function ban_target(uuid text, ip inet) returns text
language sql immutable
as $$
    select coalesce('uuid:' || uuid, 'ip:' || ip::text)
$$;
comment on function ban_target(text, inet) is 'The key by which the change feed names a ban''s target';
-- +goose StatementEnd

-- As syncer.CheckBannedID.

-- +goose StatementBegin
create function ban_uuid_doubt(id text) returns text
language plpgsql
immutable
strict
as $$
declare
    meant text := split_part(
        translate(
            id,
            '０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹．。：／',
            '012345678901234567890123456789..:/'
        ),
        '%',
        1
    );
begin
    if meant ~ '^[a-zA-Z]{2,}:([^.]*\.){3}' then
        meant := regexp_replace(meant, '^[a-zA-Z]+:', ''); -- ip:203.0.113.5
    end if;
    return case
        when starts_with(id, '#offline#') then 'stands for a player whose id LiteBans did not know'
        when case
            when meant ~ '^[]0-9.:*/[, -]*$'
                then meant ~ '::' or meant ~ '[0-9*]' and (meant ~ '[.:/]' or meant ~ '^[^,]*(,[^,]*){3}$')
            when meant ~ '^[]0-9xX.:*/[, -]*$' then meant ~ '^([^.]*\.){3}'
            when meant ~ '^[]0-9a-fA-F.:*/[, -]*$' then meant ~ ':'
            else meant ~ '::' and meant ~ '^[0-9a-zA-Z:]*$'
        end then 'looks like an address or a range: it belongs in ip'
        when id ~ ('^[({]?([uU][rR][nN]:[uU][uU][iI][dD]:)?'
            '(([0-9a-fA-F]-*){30,34}|[0-9a-zA-Z]{7,9}(-[0-9a-zA-Z]{3,5}){3}-[0-9a-zA-Z]{11,13})[)}]?$')
            and spelled_id(id) !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            then 'looks like a UUID, which has 32 digits, as 069a79f4-44e9-4726-a5be-fca90e38aaf5'
        when id ~ '^([0-9A-Za-z]([-0-9A-Za-z]*[0-9A-Za-z])?\.)+[A-Za-z]{2,}(:[0-9]*)?$'
            then 'looks like the name of a host: its address belongs in ip'
    end;
end
$$;
comment on function ban_uuid_doubt(text) is 'Why a text is clearly no player id; NULL if it may be one';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_uuid_meant() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    doubt text;
begin
    if tg_op = 'UPDATE' and new.uuid = old.uuid then
        return new;
    end if;
    if starts_with(new.uuid, 'uuid:') then
        new.uuid := substr(new.uuid, 6);
        return new;
    end if;
    doubt := ban_uuid_doubt(new.uuid);
    if doubt is not null then
        raise exception '% %', new.uuid, doubt
            using errcode = 'check_violation', hint = 'If it is an id, write uuid:' || new.uuid;
    end if;
    if not exists (select from player as p where p.uuid = spelled_id(new.uuid)) then
        raise notice 'no player has the id % yet', new.uuid
            using hint = 'The id of the one player of a name is player_id(''Steve'').';
    end if;
    return new;
end
$$;
comment on function ban_uuid_meant() is
    'Refuses what is clearly no player id, and says of what nobody has for one that it is so; uuid: in front '
    'says that it is one, and is taken off';
-- +goose StatementEnd

-- The expired are looked up once, however large the table was when the statement
-- was planned.

-- +goose StatementBegin
create function ban_before_insert() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    with expired as materialized (
        select id
        from public.ban
        where lifted_at is null and expires_at <= now()
        for update skip locked
    )
    update public.ban as b
    set lifted_at = b.expires_at
    from expired
    where b.id = expired.id;
    return null;
end
$$;
comment on function ban_before_insert() is 'Closes bans that have expired, so that their targets can be banned again';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_before_update() returns trigger
language plpgsql
as $$
begin
    new.revision := old.revision;
    if (new.uuid, new.ip, new.expires_at, new.lifted_at is null)
        is distinct from (old.uuid, old.ip, old.expires_at, old.lifted_at is null)
    then
        new.revision := nextval('public.revision');
    end if;
    if old.expires_at <= now()
        and (old.lifted_at is null or old.lifted_at = old.expires_at and old.lifted_by is null)
    then
        if new.expires_at is distinct from old.expires_at then
            raise exception 'ban % expired at % and is over for ever', old.id, old.expires_at
                using errcode = 'check_violation', hint = 'Ban the target again: INSERT INTO ban.';
        end if;
        if coalesce(new.lifted_at, old.lifted_at) is not null then
            new.lifted_at := old.expires_at;
            new.lifted_by := null;
            new.lift_reason := null;
        end if;
    elsif new.lifted_at = now() then
        new.lifted_at := greatest(new.lifted_at, new.created_at); -- which may be after this transaction began
    end if;
    if new.lifted_at is null then
        new.lifted_by := null;
        new.lift_reason := null;
    elsif old.lifted_at is null and new.lifted_by is null and new.lifted_at is distinct from new.expires_at then
        new.lifted_by := session_user;
    end if;
    return new;
end
$$;
comment on function ban_before_update() is
    'Sets revision, and lifted_by when a person lifts the ban. One that has expired is over by time, for ever: it '
    'cannot be lifted or given another end. One that was lifted and is opened again forgets its lift';
-- +goose StatementEnd

create trigger ban_uuid_meant before insert or update of uuid on ban
    for each row when (new.uuid is not null) execute function ban_uuid_meant();
create trigger ban_uuid_spelling before insert or update of uuid on ban
    for each row when (length(new.uuid) >= 32) execute function spell_uuid();
create trigger ban_before_insert before insert on ban for each statement execute function ban_before_insert();
create trigger ban_before_update before update on ban for each row execute function ban_before_update();
alter table ban enable always trigger ban_uuid_spelling;
alter table ban enable always trigger ban_before_insert;
alter table ban enable always trigger ban_before_update;

-- +goose StatementBegin
create function ban_change(b ban) returns jsonb
language sql volatile
as $$
    select feed_change('ban', ban_target(b.uuid, b.ip))
        || jsonb_strip_nulls(jsonb_build_object('r', b.revision, 'o', b.lifted_at is null, 'u', b.expires_at))
$$;
comment on function ban_change(ban) is
    'A ban as it travels: feed_change with r revision, o whether it is open, u until when';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_inserted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(r.change) into changes
    from (select ban_change(b) as change from changed_rows as b where lifted_at is null limit feed_limit() + 1) as r;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function ban_inserted() is 'Feed trigger. Sends the open bans';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_updated() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    -- A target that more than one changed row names is read back; else its row travels.
    -- Planned anew each time, since a plan for one row would be quadratic on many.
    execute $many$
        select array_agg(c.change)
        from (
            select coalesce(
                case when count(*) = 1 then max(t.change::text)::jsonb end,
                feed_change('ban', t.target)
            ) as change
            from (
                select ban_target(n.uuid, n.ip) as target, ban_change(n) as change
                from new_rows as n
                join old_rows as o using (id)
                where n.revision <> o.revision and (n.lifted_at is null or o.lifted_at is null)
                union all
                select ban_target(o.uuid, o.ip), null
                from new_rows as n
                join old_rows as o using (id)
                where ban_target(n.uuid, n.ip) <> ban_target(o.uuid, o.ip) and o.lifted_at is null
            ) as t
            group by t.target
            limit feed_limit() + 1
        ) as c
    $many$ into changes;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function ban_updated() is 'Feed trigger. Ignores reasons and what concerns lifted bans only';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_deleted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    -- A target that the same statement banned again is read back: its row drew its revision before.
    select array_agg(feed_change('ban', r.target) || case
        when not exists (select from ban as b where b.lifted_at is null and (b.uuid = r.uuid or b.ip = r.ip))
            then jsonb_build_object('r', nextval('revision'), 'o', false)
        else '{}'
    end) into changes
    from (select uuid, ip, ban_target(uuid, ip) as target from changed_rows where lifted_at is null limit feed_limit() + 1) as r;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function ban_deleted() is 'Feed trigger. Sends the open bans that went as closed';
-- +goose StatementEnd

create trigger feed_insert after insert on ban
    referencing new table as changed_rows for each statement execute function ban_inserted();
create trigger feed_update after update on ban
    referencing old table as old_rows new table as new_rows for each statement execute function ban_updated();
create trigger feed_delete after delete on ban
    referencing old table as changed_rows for each statement execute function ban_deleted();
create trigger feed_truncate after truncate on ban
    for each statement execute function feed_truncated('ban');
alter table ban enable always trigger feed_insert;
alter table ban enable always trigger feed_update;
alter table ban enable always trigger feed_delete;
alter table ban enable always trigger feed_truncate;

-- +goose StatementBegin
create function ban_matches(
    b ban, banned_by text, lifted_by text, active boolean,
    created_from timestamptz, created_to timestamptz, reason text, kind text
) returns boolean
language sql stable
as $$
    select (banned_by is null or b.banned_by = banned_by)
        and (lifted_by is null or b.lifted_by = lifted_by)
        and (active is null or active = (b.lifted_at is null and (b.expires_at is null or b.expires_at > now())))
        and (created_from is null or b.created_at >= created_from)
        and (created_to is null or b.created_at < created_to)
        and (reason is null or strpos(lower(b.reason), lower(reason)) > 0)
        and (
            kind is null
            or kind = case
                when b.uuid is not null then 'player'
                when b.ip = host(b.ip)::inet then 'address'
                else 'range'
            end
        )
$$;
comment on function ban_matches(ban, text, text, boolean, timestamptz, timestamptz, text, text) is
    'Whether a ban is one of those that a list shows; a filter that is NULL lets all through';
-- +goose StatementEnd

create view active_ban as
select
    id,
    coalesce(uuid, ip::text) as target,
    case when uuid is not null then 'id' when ip = host(ip)::inet then 'address' else 'range' end as kind,
    reason,
    banned_by,
    created_at,
    expires_at,
    case when isfinite(expires_at) then date_trunc('second', expires_at - now()) end as remaining
from ban
where lifted_at is null
  and (expires_at is null or expires_at > now());
comment on view active_ban is
    'Bans in force now. DELETE FROM ban WHERE id = … unbans, or set lifted_at to keep the history';
comment on column active_ban.id is 'ban.id';
comment on column active_ban.target is 'The player id, address or range';
comment on column active_ban.kind is 'id, address or range';
comment on column active_ban.reason is 'ban.reason';
comment on column active_ban.banned_by is 'ban.banned_by';
comment on column active_ban.created_at is 'ban.created_at';
comment on column active_ban.expires_at is 'ban.expires_at; NULL until lifted';
comment on column active_ban.remaining is 'Time left; NULL until lifted';

revoke execute on function ban_before_insert(), ban_inserted(), ban_updated(), ban_deleted() from public;
grant select, insert, update, delete on ban to playersync_app;
grant select on ban to playersync_readonly;
grant select on active_ban to playersync_app, playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop view active_ban;
drop function ban_matches(ban, text, text, boolean, timestamptz, timestamptz, text, text);
drop function ban_change(ban);
drop table ban;
drop function ban_deleted();
drop function ban_updated();
drop function ban_inserted();
drop function ban_before_update();
drop function ban_before_insert();
drop function ban_uuid_meant();
drop function ban_uuid_doubt(text);
drop function ban_target(text, inet);
