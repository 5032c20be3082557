-- The log of moderation.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table mod_log (
    id      bigint      generated always as identity,
    at      timestamptz not null default now(),
    source  text        not null default session_user,
    message text        not null,
    token   uuid        not null default gen_random_uuid(),
    constraint mod_log_pkey primary key (id),
    constraint mod_log_token_key unique (token),
    constraint mod_log_at_range check (at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'),
    constraint mod_log_source_length check (length(source) <= 512),
    constraint mod_log_message_length check (length(message) between 1 and 65536)
);
create index mod_log_at_idx on mod_log (at);
comment on table mod_log is 'Log of moderation, as game servers report it. Kept until somebody deletes it';
comment on column mod_log.id is 'Number';
comment on column mod_log.at is 'When the sidecar received it';
comment on column mod_log.source is 'The address of the game server, or who wrote it';
comment on column mod_log.message is 'What happened';
comment on column mod_log.token is 'Drawn by the sidecar: an entry sent again after a lost answer is recognised';

-- +goose StatementBegin
create function mod_log_inserted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    select array_agg(feed_change('mod_log', n.id::text) || jsonb_build_object('l', jsonb_build_object(
        'number', n.id, 'at', n.at, 'source', n.source, 'message', n.message
    )) order by n.id) into changes
    from (select * from changed_rows limit feed_limit() + 1) as n;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function mod_log_inserted() is 'Feed trigger. Sends entries as l';
-- +goose StatementEnd

create trigger feed_insert after insert on mod_log
    referencing new table as changed_rows for each statement execute function mod_log_inserted();
alter table mod_log enable always trigger feed_insert;

revoke execute on function mod_log_inserted() from public;
grant select, insert, update, delete on mod_log to playersync_app;
grant select on mod_log to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop table mod_log;
drop function mod_log_inserted();
