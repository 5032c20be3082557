-- How balances change: by differences only, from one player to another or from or
-- to nowhere. The one place where the rule is: sidecars and people both come
-- through here.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

-- +goose StatementBegin
create function balance_changes(payer text, payee text, unit text) returns jsonb[]
language sql volatile
as $$
    select array_agg(balance_change(
        b.uuid, jsonb_build_array(jsonb_build_object('c', b.currency, 'n', b.amount, 'r', b.revision))
    ))
    from balance as b
    where b.uuid in (payer, payee) and b.currency = unit
$$;
comment on function balance_changes(text, text, text) is 'The balances of one or two players as they travel';
-- +goose StatementEnd

-- +goose StatementBegin
create function ledger_repeated(
    payer text, payee text, unit text, total bigint, token text,
    out outcome text, out entries jsonb, out changes jsonb[]
)
language plpgsql
as $$
begin
    select jsonb_agg(l order by l.change) into entries from public.ledger as l where l.key = token;
    if entries is null then
        return;
    end if;
    outcome := case when exists (
        select
        from public.ledger as l
        where l.key = token and l.currency = unit
          and (l.uuid, l.change) = (coalesce(payer, payee), case when payer is null then total else -total end)
          and l.peer is not distinct from case when payer is not null then payee end
    ) then 'repeated' else 'conflict' end;
    -- Perhaps the first one's were never sent. This transaction changes nothing, so it
    -- sends no rows.
    changes := array(select change - 'b' from unnest(public.balance_changes(payer, payee, unit)) as change);
end
$$;
comment on function ledger_repeated(text, text, text, bigint, text) is
    'Whether the key (token) was used: repeated, for this very move, or conflict, for another; NULL if it was not';
-- +goose StatementEnd

-- Equal keys at once do not need a lock of their own: those of the same move wait for
-- the balance's row, and see then what the first one did; those of another move
-- are refused by the index ledger_key_idx.

-- +goose StatementBegin
create function move_balance(
    payer text, payee text, unit text, total bigint, token text, why text, who text, place text,
    out outcome text, out held bigint, out entries jsonb, out changes jsonb[]
)
language plpgsql
set lock_timeout = '1s'
as $$
declare
    most constant bigint := 9007199254740991;
    payer_has bigint;
    payee_has bigint;
    again record;
begin
    if total not between 1 and most or payer = payee or coalesce(payer, payee) is null or token is null then
        raise exception 'a positive amount, a key, and two different players or one are needed'
            using errcode = 'invalid_parameter_value';
    end if;
    select * into again from public.ledger_repeated(payer, payee, unit, total, token);
    if again.outcome is null then
        outcome := case
            when not exists (select from public.currency as c where c.name = unit) then 'no currency'
            when payer is not null and not exists (select from public.player as p where p.uuid = payer) then 'no payer'
            when payee is not null and not exists (select from public.player as p where p.uuid = payee) then 'no payee'
        end;
        if outcome is null and payer is not null then
            -- So that a refusal leaves no trace.
            held := coalesce((select b.amount from public.balance as b where b.uuid = payer and b.currency = unit), 0);
            outcome := case when held < total then 'insufficient' end;
        end if;
        if outcome is null then
            insert into public.balance (uuid, currency)
            select payee, unit
            where payee is not null
            on conflict do nothing;
            -- In one order, so that transfers in both directions cannot deadlock.
            select max(l.amount) filter (where l.uuid = payer), max(l.amount) filter (where l.uuid = payee)
            into payer_has, payee_has
            from (
                select b.uuid, b.amount
                from public.balance as b
                where b.uuid in (payer, payee) and b.currency = unit
                order by b.uuid collate "C"
                for no key update
            ) as l;
            if payer is not null and coalesce(payer_has, 0) < total then
                outcome := 'insufficient';
                held := coalesce(payer_has, 0);
            elsif payee_has > most - total then
                outcome := 'too much';
                held := payee_has;
            end if;
        end if;
        -- What was done with the same key meanwhile may be why there is too little now.
        select * into again from public.ledger_repeated(payer, payee, unit, total, token);
    end if;
    if again.outcome is not null then
        outcome := again.outcome;
        entries := again.entries;
        changes := again.changes;
        held := null;
    end if;
    if outcome is not null then
        return;
    end if;

    perform set_config('syncer.ledger', jsonb_strip_nulls(jsonb_build_object(
        'payer', payer,
        'payee', payee,
        'key', token,
        'reason', coalesce(why, ''),
        'by', coalesce(who, session_user),
        'server', coalesce(place, '')
    ))::text, true);
    update public.balance as b
    set amount = b.amount + case when b.uuid = payer then -total else total end
    where b.uuid in (payer, payee) and b.currency = unit;
    perform set_config('syncer.ledger', '', true);

    outcome := 'applied';
    select jsonb_agg(l order by l.change) into entries from public.ledger as l where l.key = token;
    changes := public.balance_changes(payer, payee, unit);
end
$$;
comment on function move_balance(text, text, text, bigint, text, text, text, text) is
    'Moves an amount of a currency from one player to another, or from or to nowhere if either is NULL, '
    'once for each key (token). Outcome: applied, repeated (entries are those of the first time), '
    'conflict (the key was used for something else), insufficient (held is what there is), too much '
    '(for the payee, who has held), no currency, no payer, no payee. Only applied has changed anything';
-- +goose StatementEnd

-- +goose StatementBegin
create function balance_refused(outcome text, held bigint) returns void
language plpgsql
as $$
begin
    case outcome
        when 'applied', 'repeated' then
            return;
        when 'insufficient' then
            raise exception 'insufficient funds: the balance is %', held
                using errcode = 'check_violation', constraint = 'balance_amount_range';
        when 'too much' then
            raise exception 'too much: the balance is %', held
                using errcode = 'check_violation', constraint = 'balance_amount_range';
        when 'conflict' then
            raise exception 'the key was used for another change'
                using errcode = 'unique_violation', constraint = 'ledger_key_idx';
        when 'no currency' then
            raise exception 'there is no such currency'
                using errcode = 'foreign_key_violation', constraint = 'balance_currency_fkey',
                    hint = 'insert into currency (name) adds one.';
        else
            raise exception 'there is no such player'
                using errcode = 'foreign_key_violation', constraint = 'balance_player_fkey',
                    hint = 'The id of the one player of a name is player_id(''Steve'').';
    end case;
end
$$;
comment on function balance_refused(text, bigint) is
    'Raises the error for an outcome of move_balance, for people with psql';
-- +goose StatementEnd

-- +goose StatementBegin
create function change_balance(
    uuid text, currency text, change bigint, key text default gen_random_uuid()::text, reason text default ''
) returns bigint
language plpgsql
as $$
declare
    moved record;
begin
    uuid := public.spelled_id(uuid);
    select * into moved
    from public.move_balance(
        case when change < 0 then uuid end, case when change > 0 then uuid end,
        currency, abs(change), key, reason, session_user, ''
    );
    perform public.balance_refused(moved.outcome, moved.held);
    return (moved.entries -> 0 ->> 'balance')::bigint;
end
$$;
comment on function change_balance(text, text, bigint, text, text) is
    'Changes a player''s balance by a difference and returns the balance '
    'afterwards. The same key again changes nothing and returns the same';
-- +goose StatementEnd

-- +goose StatementBegin
create function transfer_balance(
    payer text, payee text, currency text, amount bigint,
    key text default gen_random_uuid()::text, reason text default ''
) returns void
language plpgsql
as $$
declare
    moved record;
begin
    if payer is null or payee is null then
        raise exception 'a transfer needs two players' using errcode = 'invalid_parameter_value';
    end if;
    select * into moved
    from public.move_balance(
        public.spelled_id(payer), public.spelled_id(payee), currency, amount, key, reason, session_user, ''
    );
    perform public.balance_refused(moved.outcome, moved.held);
end
$$;
comment on function transfer_balance(text, text, text, bigint, text, text) is
    'Moves an amount from one player to another. The same key again changes nothing';
-- +goose StatementEnd

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function transfer_balance(text, text, text, bigint, text, text);
drop function change_balance(text, text, bigint, text, text);
drop function balance_refused(text, bigint);
drop function move_balance(text, text, text, bigint, text, text, text, text);
drop function ledger_repeated(text, text, text, bigint, text);
drop function balance_changes(text, text, text);
