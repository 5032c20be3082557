-- Closing expired bans must not depend on how large the table was when the
-- statement was planned: as "id in (…)" it was run again for each row of a table
-- that had been empty then, which made bulk inserts quadratic.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

-- +goose StatementBegin
create or replace function ban_before_insert() returns trigger
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
-- +goose StatementEnd

reset role;

-- +goose Down
set local lock_timeout = '5s';
set local role playersync_owner;

-- +goose StatementBegin
create or replace function ban_before_insert() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    update public.ban
    set lifted_at = expires_at
    where id in (
        select id
        from public.ban
        where lifted_at is null and expires_at <= now()
        for update skip locked
    );
    return null;
end
$$;
-- +goose StatementEnd

reset role;
