-- Staff chat: messages between servers, and how far each server has been given them.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table staff_message (
    id       bigint      generated always as identity,
    sent_at  timestamptz not null default clock_timestamp(),
    server   text        not null,
    name     text        not null default '',
    player   text        not null default '',
    is_staff boolean     not null default true,
    text     text        not null,
    echo     boolean     not null default false,
    constraint staff_message_pkey primary key (id),
    constraint staff_message_sent_at_range check (
        sent_at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint staff_message_server_form check (length(server) between 1 and 64 and server !~ '[[:cntrl:]]'),
    constraint staff_message_name_length check (length(name) <= 512),
    constraint staff_message_player_length check (length(player) <= 512),
    constraint staff_message_text_length check (length(text) between 1 and 4000)
);
create index staff_message_sent_at_idx on staff_message (sent_at);
comment on table staff_message is
    'Staff chat. INSERT sends to the staff of every server but the sender''s; kept for 30 days';
comment on column staff_message.id is 'Number; a higher one was committed later';
comment on column staff_message.sent_at is 'When';
comment on column staff_message.server is 'From where: a server''s gamemode or, for example, discord';
comment on column staff_message.name is 'Who, without colour tags';
comment on column staff_message.player is 'Who, as shown in the game, colour tags included; empty: like name';
comment on column staff_message.is_staff is 'Whether the sender is a moderator';
comment on column staff_message.text is 'What';
comment on column staff_message.echo is 'Whether the sender''s own server gets it too, because it has not shown it yet';

create table staff_delivery (
    sidecar   text        not null,
    gamemode  text        not null,
    delivered bigint      not null,
    saved_at  timestamptz not null default now(),
    constraint staff_delivery_pkey primary key (sidecar, gamemode),
    constraint staff_delivery_sidecar_form check (length(sidecar) between 1 and 64 and sidecar !~ '[[:cntrl:]]'),
    constraint staff_delivery_gamemode_form check (length(gamemode) between 1 and 64 and gamemode !~ '[[:cntrl:]]'),
    constraint staff_delivery_delivered_range check (delivered >= 0)
);
create index staff_delivery_saved_at_idx on staff_delivery (saved_at);
comment on table staff_delivery is
    'How far the staff chat was delivered, written some seconds behind; kept for 30 days';
comment on column staff_delivery.sidecar is 'server.name of the sidecar that the game server polls';
comment on column staff_delivery.gamemode is 'The game server''s gamemode: its queue';
comment on column staff_delivery.delivered is 'staff_message.id up to which it is done';
comment on column staff_delivery.saved_at is 'When it last moved';

insert into turn (name) values ('staff_message');
create trigger staff_message_in_turn before insert on staff_message
    for each statement execute function write_in_turn('staff_message');
alter table staff_message enable always trigger staff_message_in_turn;

-- +goose StatementBegin
create function staff_message_send(
    server text, name text, player text, is_staff boolean, text text, echo boolean,
    out id bigint, out sent_at timestamptz, out created boolean
)
language plpgsql
as $$
begin
    perform public.take_turn('staff_message');
    created := false;
    select m.id, m.sent_at into staff_message_send.id, staff_message_send.sent_at
    from public.staff_message as m
    where m.sent_at > clock_timestamp() - interval '5 s'
      and (m.server, m.name, m.player, m.is_staff, m.text, m.echo) = (
          staff_message_send.server, staff_message_send.name, staff_message_send.player,
          staff_message_send.is_staff, staff_message_send.text, staff_message_send.echo
      )
    order by m.id desc
    limit 1;
    if not found then
        created := true;
        insert into public.staff_message as m (server, name, player, is_staff, text, echo)
        values (
            staff_message_send.server, staff_message_send.name, staff_message_send.player,
            staff_message_send.is_staff, staff_message_send.text, staff_message_send.echo
        )
        returning m.id, m.sent_at into staff_message_send.id, staff_message_send.sent_at;
    end if;
end
$$;
comment on function staff_message_send(text, text, text, boolean, text, boolean) is
    'Sends a message, unless the same was sent in the last five seconds: '
    'then the client sent it twice because its connection broke';
-- +goose StatementEnd

-- +goose StatementBegin
create function staff_message_inserted() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    changes jsonb[];
begin
    -- Each names the one before it, so that a gap shows. What is too large to
    -- travel is read back, and so are many.
    select array_agg(
        case when octet_length((r.bare || r.row)::text) <= 7900 then r.bare || r.row else r.bare end order by r.id
    ) into changes
    from (
        select
            n.id,
            feed_change('staff_message', n.id::text) as bare,
            jsonb_build_object('m', to_jsonb(n) || jsonb_build_object(
                'after', coalesce((select max(m.id) from staff_message as m where m.id < n.id), 0)
            )) as row
        from changed_rows as n
        limit 33
    ) as r;
    if cardinality(changes) > 32 then
        changes := array[feed_change('staff_message', null)];
    end if;
    if changes is not null then
        perform feed_publish(changes);
    end if;
    return null;
end
$$;
comment on function staff_message_inserted() is
    'Feed trigger. Sends messages as m, with the number of the one before as after';
-- +goose StatementEnd

create trigger feed_insert after insert on staff_message
    referencing new table as changed_rows for each statement execute function staff_message_inserted();
create trigger feed_update after update on staff_message
    referencing new table as changed_rows for each statement execute function feed_table_changed();
create trigger feed_delete after delete on staff_message
    referencing old table as changed_rows for each statement execute function feed_table_changed();
create trigger feed_truncate after truncate on staff_message
    for each statement execute function feed_truncated('staff_message');
alter table staff_message enable always trigger feed_insert;
alter table staff_message enable always trigger feed_update;
alter table staff_message enable always trigger feed_delete;
alter table staff_message enable always trigger feed_truncate;

create view staff_chat as
select
    sent_at,
    server,
    case when is_staff then 'staff' else 'player' end as role,
    coalesce(nullif(name, ''), player) as name,
    text
from staff_message
order by id desc;
comment on view staff_chat is 'The staff chat as people read it, newest first';
comment on column staff_chat.sent_at is 'When';
comment on column staff_chat.server is 'From where';
comment on column staff_chat.role is 'staff or player';
comment on column staff_chat.name is 'Who';
comment on column staff_chat.text is 'What';

revoke execute on function staff_message_inserted() from public;
grant select, insert, update, delete on staff_message, staff_delivery to playersync_app;
grant select on staff_message, staff_delivery, staff_chat to playersync_readonly;
grant select on staff_chat to playersync_app;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop view staff_chat;
drop table staff_delivery;
drop table staff_message;
drop function staff_message_inserted();
drop function staff_message_send(text, text, text, boolean, text, boolean);
delete from turn where name = 'staff_message';
