-- name: MoveBalance :one
-- Moves an amount from one player to another, or from or to nowhere, once for each key. One that
-- was moved before is on the synchronous standby; see AwaitStandby.
with notify as materialized (
    select set_config('syncer.notify', sqlc.arg(notify)::text, true), pg_logical_emit_message(true, 'playersync', '')
)
select
    m.outcome::text as outcome,
    coalesce(m.held, 0)::bigint as held,
    coalesce(m.entries, '[]')::jsonb as entries,
    m.changes::jsonb[] as changes
from notify
cross join lateral move_balance(
    sqlc.narg(payer)::text, sqlc.narg(payee)::text, sqlc.arg(currency)::text, sqlc.arg(amount)::bigint,
    sqlc.arg(key)::text, sqlc.arg(reason)::text, sqlc.arg(by)::text, sqlc.arg(server)::text
) as m;

-- name: MoveBalances :many
-- Moves several amounts as MoveBalance does one, each of players of its own, '' for nobody. A
-- move has no row here, and is not done, unless the balances it needs are there and nobody
-- else has locked one: it waits for nothing.
with notify as materialized (
    select set_config('syncer.notify', 'later', true)
),
asked as materialized (
    select
        generate_subscripts(sqlc.arg(keys)::text[], 1) as place,
        unnest(sqlc.arg(payers)::text[]) as payer,
        unnest(sqlc.arg(payees)::text[]) as payee,
        unnest(sqlc.arg(currencies)::text[]) as currency,
        unnest(sqlc.arg(amounts)::bigint[]) as amount,
        unnest(sqlc.arg(keys)::text[]) as key,
        unnest(sqlc.arg(reasons)::text[]) as reason,
        unnest(sqlc.arg(bys)::text[]) as by,
        unnest(sqlc.arg(servers)::text[]) as server
),
locked as materialized (
    select n.place
    from (
        select place, payer as uuid, currency
        from asked
        union all
        select place, payee, currency
        from asked
    ) as n
    join balance as b on b.uuid = n.uuid and b.currency = n.currency
    for no key update of b skip locked
),
ready as materialized (
    select a.*
    from notify
    cross join asked as a
    where (select count(*) from locked as l where l.place = a.place)
        = (a.payer <> '')::integer + (a.payee <> '')::integer
)
select
    r.place::integer as place,
    m.outcome::text as outcome,
    coalesce(m.held, 0)::bigint as held,
    coalesce(m.entries, '[]')::jsonb as entries,
    m.changes::jsonb[] as changes
from ready as r
cross join lateral move_balance(
    nullif(r.payer, ''), nullif(r.payee, ''), r.currency, r.amount, r.key, r.reason, r.by, r.server
) as m;

-- name: Ledger :many
-- A player's entries, newest first, before a position.
select *
from ledger
where uuid = sqlc.arg(uuid)
  and currency = coalesce(sqlc.narg(currency)::text, currency)
  and id < sqlc.arg(before)
order by id desc
limit sqlc.arg(page_size);

-- name: Currencies :many
-- All currencies by name.
select *
from currency
order by name;

-- name: TopBalances :many
-- The players who have most of a currency, below a position. Who has nothing is not among
-- them.
select b.uuid, p.name, b.amount
from balance as b
join player as p on p.uuid = b.uuid
where b.currency = sqlc.arg(currency)
  and b.amount > 0
  and (b.amount, b.uuid collate "C") < (sqlc.arg(below_amount)::bigint, sqlc.arg(below_uuid)::text collate "C")
order by b.amount desc, b.uuid collate "C" desc
limit sqlc.arg(page_size);

-- name: AddCurrency :execrows
-- Adds a currency; no row if there is one of that name.
insert into currency (name)
values (sqlc.arg(name))
on conflict (name) do nothing;

-- name: BalanceMismatches :many
-- Some of the balances that are not the sum of their ledger, and how many there are.
select
    uuid::text as uuid, currency::text as currency, balance::bigint as balance, ledger::bigint as ledger,
    count(*) over ()::bigint as total
from balance_mismatch
order by uuid, currency
limit 10;
