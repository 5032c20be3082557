-- How many players were on each server, one sample for every four minutes.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table player_count (
    server  text        not null,
    slot    timestamptz not null,
    minutes integer     not null default 4,
    players integer     not null,
    constraint player_count_pkey primary key (server, slot),
    constraint player_count_server_form check (length(server) between 1 and 64 and server !~ '[[:cntrl:]]'),
    constraint player_count_slot_range check (slot between '1970-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'),
    constraint player_count_slot_form check (extract(epoch from slot) % (greatest(minutes, 1) * 60) = 0),
    constraint player_count_minutes_range check (minutes between 4 and 1440 and minutes % 4 = 0),
    constraint player_count_players_range check (players between 0 and 1000000)
);
create index player_count_slot_idx on player_count (slot);
comment on table player_count is
    'Players on each server over time, kept until thin_player_counts or somebody else removes them';
comment on column player_count.server is 'server.name';
comment on column player_count.slot is 'Start of the time that the sample stands for: a multiple of minutes since 1970';
comment on column player_count.minutes is 'Length of that time: 4, or more once thinned';
comment on column player_count.players is 'The most players reported in that time';
comment on index player_count_slot_idx is 'Export of all servers';

-- +goose StatementBegin
create function thin_player_counts(older_than interval, step interval) returns bigint
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    epoch   constant timestamptz := '1970-01-01 00:00+00';
    coarse  constant numeric     := extract(epoch from step) / 60;
    cut     timestamptz;
    removed bigint;
begin
    if coarse is null or coarse % 4 <> 0 or coarse not between 4 and 1440 then
        raise exception 'step must be a multiple of 4 minutes, up to a day, not %', step
            using errcode = 'invalid_parameter_value';
    end if;
    if older_than is null or now() - older_than > now() then
        raise exception 'older_than must not be negative, is %', older_than using errcode = 'invalid_parameter_value';
    end if;
    cut := date_bin(make_interval(mins => coarse::integer), now() - older_than, epoch);
    -- Reports wait, so that none comes between being summed up and being removed.
    lock table player_count in share row exclusive mode;
    if exists (select from player_count as c where c.slot < cut and c.minutes < coarse and coarse % c.minutes <> 0) then
        raise exception 'step must be a multiple of the steps that are there' using errcode = 'invalid_parameter_value',
            hint = 'select distinct minutes from player_count';
    end if;
    select count(*) into removed from player_count as c where c.slot < cut;
    insert into player_count as c (server, slot, minutes, players)
    select f.server, date_bin(make_interval(mins => coarse::integer), f.slot, epoch), coarse, max(f.players)
    from player_count as f
    where f.slot < cut and f.minutes < coarse
    group by 1, 2
    on conflict (server, slot) do update
    set minutes = greatest(c.minutes, excluded.minutes), players = greatest(c.players, excluded.players);
    delete from player_count as c where c.slot < cut and c.minutes < coarse;
    return removed - (select count(*) from player_count as c where c.slot < cut);
end
$$;
comment on function thin_player_counts(interval, interval) is
    'Replaces samples older than the first argument by one for each step of the '
    'second, with the most players of any; returns how many fewer there are';
-- +goose StatementEnd

revoke execute on function thin_player_counts(interval, interval) from public;
grant execute on function thin_player_counts(interval, interval) to playersync_app;
grant select, insert, update, delete on player_count to playersync_app;
grant select on player_count to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function thin_player_counts(interval, interval);
drop table player_count;
