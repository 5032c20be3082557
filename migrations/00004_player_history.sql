-- The history of players: moderation actions, which only ever become more.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table player_history (
    uuid   text           not null,
    action text           not null,
    by     text           not null default session_user,
    time   timestamptz(3) not null default clock_timestamp(),
    constraint player_history_pkey primary key (uuid, time, action, by),
    constraint player_history_player_fkey foreign key (uuid) references player (uuid) on delete cascade,
    constraint player_history_action_length check (length(action) between 1 and 512),
    constraint player_history_by_length check (length(by) <= 512),
    constraint player_history_time_range check (time between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00')
);
comment on table player_history is
    'Moderation actions on a player: a set of (action, by, time). Servers only add; only people remove';
comment on column player_history.uuid is 'The player';
comment on column player_history.action is 'What was done';
comment on column player_history.by is 'Who did it';
comment on column player_history.time is 'When, in whole milliseconds';

-- What is told to the sidecars.

-- +goose StatementBegin
create function history_change(uuid text, entries jsonb) returns jsonb
language sql volatile
as $$
    select feed_change('player', uuid) || jsonb_build_object('h', entries)
$$;
comment on function history_change(text, jsonb) is 'Added history as it travels: feed_change with h entries';
-- +goose StatementEnd

-- +goose StatementBegin
create function player_history_inserted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(history_change(r.uuid, r.entries)) into changes
    from (
        select uuid, jsonb_agg(jsonb_build_object('action', action, 'by', by, 'time', time)) as entries
        from changed_rows
        group by uuid
        limit feed_limit() + 1
    ) as r;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function player_history_inserted() is 'Feed trigger. Sends the added entries under their player''s key';
-- +goose StatementEnd

-- +goose StatementBegin
create function player_history_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(feed_change('player', r.uuid)) into changes
    from (select distinct uuid from changed_rows limit feed_limit() + 1) as r;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function player_history_changed() is
    'Feed trigger. Entries that were changed or removed by hand: their players are read back';
-- +goose StatementEnd

-- How much one player can grow.

-- +goose StatementBegin
create function player_history_limited() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    full_one text;
begin
    select c.uuid into full_one
    from (select distinct uuid from changed_rows) as c
    cross join lateral (
        select count(*) as entries
        from (select from player_history as h where h.uuid = c.uuid limit 10001) as counted
    ) as n
    where n.entries > 10000
    limit 1;
    if found then
        raise exception 'the history of player % has more than 10000 entries', full_one
            using errcode = 'check_violation', constraint = 'player_history_count', table = 'player_history',
                hint = 'Remove entries that nobody needs.';
    end if;
    return null;
end
$$;
comment on function player_history_limited() is 'A player has at most 10000 entries';
-- +goose StatementEnd

create trigger player_history_limited after insert on player_history
    referencing new table as changed_rows for each statement execute function player_history_limited();
create trigger feed_insert after insert on player_history
    referencing new table as changed_rows for each statement execute function player_history_inserted();
create trigger feed_update_new after update on player_history
    referencing new table as changed_rows for each statement execute function player_history_changed();
create trigger feed_update_old after update on player_history
    referencing old table as changed_rows for each statement execute function player_history_changed();
create trigger feed_delete after delete on player_history
    referencing old table as changed_rows for each statement execute function player_history_changed();
create trigger feed_truncate after truncate on player_history
    for each statement execute function feed_truncated('player');
alter table player_history enable always trigger feed_insert;
alter table player_history enable always trigger feed_update_new;
alter table player_history enable always trigger feed_update_old;
alter table player_history enable always trigger feed_delete;
alter table player_history enable always trigger feed_truncate;

revoke execute on function
    player_history_inserted(), player_history_changed(), player_history_limited()
from public;
grant select, insert, update, delete on player_history to playersync_app;
grant select on player_history to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop table player_history;
drop function player_history_limited();
drop function player_history_changed();
drop function player_history_inserted();
drop function history_change(text, jsonb);
