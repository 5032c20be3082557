-- The batches of saves already applied.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table save_batch (
    id       uuid        not null,
    saved_at timestamptz not null default now(),
    constraint save_batch_pkey primary key (id)
);
create index save_batch_saved_at_idx on save_batch (saved_at);
comment on table save_batch is 'Batches of saves already stored: one sent again after a lost answer is recognised here';
comment on column save_batch.id is 'Drawn by the sidecar before it first sends the batch';
comment on column save_batch.saved_at is 'When it was stored; rows are kept for 30 days';

-- +goose StatementBegin
create function batch_is_stored_here(batch uuid) returns boolean
language sql stable
as $$
    select exists (select from public.save_batch as b where b.id = batch and b.xmin = pg_current_xact_id()::xid)
$$;
comment on function batch_is_stored_here(uuid) is 'Whether it is the present transaction that stores a batch of saves';
-- +goose StatementEnd

-- +goose StatementBegin
create function save_batch_prune(most integer default 20000) returns bigint
language sql security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with pruned as (
        delete from public.save_batch
        where id in (
            select id
            from public.save_batch
            where saved_at < now() - interval '30 days'
            order by saved_at
            limit most
            for update skip locked
        )
        returning 1
    )
    select count(*) from pruned
$$;
comment on function save_batch_prune(integer) is
    'Forgets batches after 30 days, longer than any sidecar waits with one, so many at most; returns how many';
-- +goose StatementEnd

revoke execute on function save_batch_prune(integer) from public;
grant execute on function save_batch_prune(integer) to playersync_app;
grant select, insert on save_batch to playersync_app;
grant select on save_batch to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function save_batch_prune(integer);
drop function batch_is_stored_here(uuid);
drop table save_batch;
