-- Balances: money and the like, each change of which leaves a ledger entry in the
-- same transaction.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table currency (
    name     text        not null collate "C",
    added_at timestamptz not null default now(),
    constraint currency_pkey primary key (name),
    constraint currency_name_form check (length(name) between 1 and 64 and name !~ '[[:cntrl:]]')
);
comment on table currency is 'What players can have a balance in. INSERT adds one';
comment on column currency.name is 'For example coins';
comment on column currency.added_at is 'Since when';

-- A player's record has a balance in each of them.
-- +goose StatementBegin
create function currency_limited() returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
begin
    if (select count(*) from public.currency) > 1000 then
        raise check_violation
            using message = 'there are 1000 currencies already', constraint = 'currency_count', table = 'currency';
    end if;
    return null;
end
$$;
comment on function currency_limited() is 'There are at most 1000 currencies';
-- +goose StatementEnd

create trigger currency_limited after insert on currency for each statement execute function currency_limited();
alter table currency enable always trigger currency_limited;

create table balance (
    uuid     text   not null,
    currency text   not null collate "C",
    amount   bigint not null default 0,
    revision bigint not null default nextval('revision'),
    constraint balance_pkey primary key (uuid, currency),
    constraint balance_player_fkey foreign key (uuid) references player (uuid) on delete cascade,
    constraint balance_currency_fkey foreign key (currency) references currency (name),
    constraint balance_amount_range check (amount between 0 and 9007199254740991)
) with (fillfactor = 90);
create index balance_currency_idx on balance (currency, amount, uuid collate "C");
comment on table balance is
    'What players own; no row is a balance of 0. Use change_balance '
    'and transfer_balance; plain edits go into the ledger too';
comment on column balance.uuid is 'The player';
comment on column balance.currency is 'In what';
comment on column balance.amount is 'How much: from 0 to 2^53 - 1, which every JSON reader holds exactly';
comment on column balance.revision is 'Newer state, higher number. Set by a trigger when the amount changes';
comment on index balance_currency_idx is 'The richest players of a currency';

create table ledger (
    id       bigint      generated always as identity,
    at       timestamptz not null default clock_timestamp(),
    uuid     text        not null,
    currency text        not null collate "C",
    change   bigint      not null,
    balance  bigint      not null,
    peer     text,
    key      text,
    reason   text        not null default '',
    by       text        not null default session_user,
    server   text        not null default '',
    role     text        not null default session_user,
    constraint ledger_pkey primary key (id),
    constraint ledger_uuid_form check (length(uuid) between 1 and 64 and uuid !~ '[[:cntrl:]]'),
    constraint ledger_currency_fkey foreign key (currency) references currency (name),
    constraint ledger_change_range check (change <> 0),
    constraint ledger_balance_range check (balance between 0 and 9007199254740991),
    constraint ledger_peer_form check (length(peer) between 1 and 64 and peer <> uuid),
    constraint ledger_key_form check (length(key) between 1 and 128 and key !~ '[[:cntrl:]]'),
    constraint ledger_reason_length check (length(reason) <= 512),
    constraint ledger_by_length check (length(by) <= 512),
    constraint ledger_server_length check (length(server) <= 64)
);
create unique index ledger_key_idx on ledger (key, (peer is not null and change > 0));
create index ledger_uuid_idx on ledger (uuid, id);
create index ledger_at_idx on ledger (at);
comment on table ledger is
    'Every change of a balance, written by a trigger; entries of one balance have the '
    'order of its changes. It outlives the player. Fold old entries with ledger_fold';
comment on column ledger.id is 'Number';
comment on column ledger.at is 'When';
comment on column ledger.uuid is 'Whose balance';
comment on column ledger.currency is 'In what';
comment on column ledger.change is 'By how much it changed';
comment on column ledger.balance is 'The balance afterwards';
comment on column ledger.peer is 'Of a transfer: the other player, whose entry has the same key';
comment on column ledger.key is
    'What the caller calls this change, unique in the whole network, so that it happens once; NULL for plain edits';
comment on column ledger.reason is 'Why';
comment on column ledger.by is 'Who did it, as the caller says';
comment on column ledger.server is 'The server that asked, as the caller says; empty for a person with psql';
comment on column ledger.role is 'The login that wrote it';
comment on index ledger_key_idx is 'One change or transfer for each key: a transfer''s second entry is told apart';

-- What keeps the two tables in step, also for edits by hand.

-- +goose StatementBegin
create function balance_before_write() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'UPDATE' then
        if (new.uuid, new.currency) is distinct from (old.uuid, old.currency) then
            raise exception 'a balance cannot be given another player or currency'
                using errcode = 'integrity_constraint_violation',
                    constraint = 'balance_key_immutable', table = 'balance', hint = 'Use transfer_balance.';
        end if;
        new.revision := old.revision;
        if new.amount = old.amount then
            return new;
        end if;
    end if;
    new.revision := nextval('public.revision');
    return new;
end
$$;
comment on function balance_before_write() is 'Keeps a balance''s player and currency fixed and sets its revision';
-- +goose StatementEnd

-- +goose StatementBegin
create function balance_written() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    said  jsonb  := nullif(current_setting('syncer.ledger', true), '')::jsonb;
    owner text   := case when tg_op = 'DELETE' then old.uuid else new.uuid end;
    unit  text   := case when tg_op = 'DELETE' then old.currency else new.currency end;
    was   bigint := case when tg_op = 'INSERT' then 0 else old.amount end;
    is_   bigint := case when tg_op = 'DELETE' then 0 else new.amount end;
begin
    if is_ <> was then
        insert into ledger (uuid, currency, change, balance, peer, key, reason, by, server)
        values (
            owner, unit, is_ - was, is_,
            case owner when said ->> 'payer' then said ->> 'payee' when said ->> 'payee' then said ->> 'payer' end,
            said ->> 'key',
            coalesce(
                said ->> 'reason',
                case when tg_op = 'DELETE' then 'the balance was deleted' else 'edited by hand' end
            ),
            coalesce(said ->> 'by', session_user),
            coalesce(said ->> 'server', '')
        );
    end if;
    return null;
end
$$;
comment on function balance_written() is
    'Writes the ledger. What move_balance does it describes in '
    'the setting syncer.ledger; anything else is an edit by hand';
-- +goose StatementEnd

-- +goose StatementBegin
create function balance_before_truncate() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    insert into ledger (uuid, currency, change, balance, reason)
    select uuid, currency, -amount, 0, 'all balances were deleted'
    from balance
    where amount > 0;
    return null;
end
$$;
comment on function balance_before_truncate() is 'Writes the ledger when all balances are deleted at once';
-- +goose StatementEnd

create trigger balance_before_write before insert or update on balance
    for each row execute function balance_before_write();
create trigger balance_written after insert or update or delete on balance
    for each row execute function balance_written();
create trigger balance_before_truncate before truncate on balance
    for each statement execute function balance_before_truncate();
alter table balance enable always trigger balance_before_write;
alter table balance enable always trigger balance_written;
alter table balance enable always trigger balance_before_truncate;

-- What is told to the sidecars.

-- +goose StatementBegin
create function balance_change(uuid text, balances jsonb) returns jsonb
language sql volatile
as $$
    select feed_change('balance', uuid) || jsonb_build_object('b', balances)
$$;
comment on function balance_change(text, jsonb) is
    'Changed balances of a player as they travel: feed_change with b, a list of c currency, n amount, r revision';
-- +goose StatementEnd

-- +goose StatementBegin
create function balance_updated() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    -- What is too large to travel is read back, and so are many.
    select array_agg(case when octet_length(c.change::text) <= 7900 then c.change else c.change - 'b' end) into changes
    from (
        select
            balance_change(
                n.uuid, jsonb_agg(jsonb_build_object('c', n.currency, 'n', n.amount, 'r', n.revision))
            ) as change
        from new_rows as n
        left join old_rows as o using (uuid, currency)
        where n.revision is distinct from o.revision
        group by n.uuid
        limit feed_limit() + 1
    ) as c;
    if cardinality(changes) > feed_limit() then
        changes := array[feed_change('balance', null)];
    end if;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function balance_updated() is 'Feed trigger. Sends balances whose amount changed';
-- +goose StatementEnd

-- +goose StatementBegin
create function balance_inserted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(case when octet_length(c.change::text) <= 7900 then c.change else c.change - 'b' end) into changes
    from (
        select
            balance_change(
                n.uuid, jsonb_agg(jsonb_build_object('c', n.currency, 'n', n.amount, 'r', n.revision))
            ) as change
        from new_rows as n
        group by n.uuid
        limit feed_limit() + 1
    ) as c;
    if cardinality(changes) > feed_limit() then
        changes := array[feed_change('balance', null)];
    end if;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function balance_inserted() is 'Feed trigger. Sends balances that came';
-- +goose StatementEnd

-- +goose StatementBegin
create function balance_deleted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(feed_change('balance', r.uuid)) into changes
    from (select distinct uuid from changed_rows limit feed_limit() + 1) as r;
    if cardinality(changes) > feed_limit() then
        changes := array[feed_change('balance', null)];
    end if;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function balance_deleted() is
    'Feed trigger. Sends players of whom a balance was deleted: theirs are read back';
-- +goose StatementEnd

create trigger feed_insert after insert on balance
    referencing new table as new_rows for each statement execute function balance_inserted();
create trigger feed_update after update on balance
    referencing old table as old_rows new table as new_rows for each statement execute function balance_updated();
create trigger feed_delete after delete on balance
    referencing old table as changed_rows for each statement execute function balance_deleted();
create trigger feed_truncate after truncate on balance
    for each statement execute function feed_truncated('balance');
alter table balance enable always trigger feed_insert;
alter table balance enable always trigger feed_update;
alter table balance enable always trigger feed_delete;
alter table balance enable always trigger feed_truncate;

-- +goose StatementBegin
create function ledger_fold(keep interval) returns bigint
language plpgsql
as $$
declare
    folded bigint;
begin
    -- Intervals compare a month as 30 days: what counts is the moment they lead to.
    if keep is null or now() - keep > now() - interval '1 day' then
        raise exception 'the last day of the ledger is not folded'
            using errcode = 'invalid_parameter_value', hint = 'Give an interval of a day or more.';
    end if;
    with gone as (
        delete from public.ledger as l
        where l.at < clock_timestamp() - keep
        returning l.id, l.at, l.uuid, l.currency, l.change
    ),
    opening as (
        insert into public.ledger (id, at, uuid, currency, change, balance, reason)
        overriding system value
        select max(g.id), max(g.at), g.uuid, g.currency, sum(g.change), sum(g.change), 'older entries, folded'
        from gone as g
        group by g.uuid, g.currency
        having sum(g.change) <> 0
    )
    select count(*) into folded from gone;
    return folded;
end
$$;
comment on function ledger_fold(interval) is
    'Puts one entry in place of all those of a balance that are older than the interval, which is a day or more, '
    'and returns how many those were. Their keys are forgotten: keep as long as anybody may repeat one';
-- +goose StatementEnd

revoke execute on function ledger_fold(interval) from public;

create view balance_mismatch as
select
    coalesce(b.uuid, l.uuid) as uuid,
    coalesce(b.currency, l.currency) as currency,
    coalesce(b.amount, 0) as balance,
    coalesce(l.total, 0)::bigint as ledger
from balance as b
full join (
    select uuid, currency, sum(change) as total
    from ledger
    group by uuid, currency
) as l on l.uuid = b.uuid and l.currency = b.currency
where coalesce(b.amount, 0) <> coalesce(l.total, 0);
comment on view balance_mismatch is
    'Balances that are not the sum of their ledger: none, unless somebody has disabled triggers or edited the ledger';
comment on column balance_mismatch.uuid is 'Whose balance';
comment on column balance_mismatch.currency is 'In what';
comment on column balance_mismatch.balance is 'What the balance is';
comment on column balance_mismatch.ledger is 'What the ledger adds up to';

revoke execute on function
    balance_written(), balance_before_truncate(), balance_updated(), balance_inserted(), balance_deleted()
from public;
grant select, insert, update, delete on currency, balance to playersync_app;
grant select on ledger, balance_mismatch to playersync_app;
grant select on currency, balance, ledger, balance_mismatch to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop view balance_mismatch;
drop function ledger_fold(interval);
drop table ledger;
drop table balance;
drop table currency;
drop function currency_limited();
drop function balance_deleted();
drop function balance_inserted();
drop function balance_updated();
drop function balance_change(text, jsonb);
drop function balance_before_truncate();
drop function balance_written();
drop function balance_before_write();
