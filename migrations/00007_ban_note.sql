-- Notes of the staff on bans.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

create table ban_note (
    id         bigint      generated always as identity,
    ban        bigint      not null,
    written_at timestamptz not null default clock_timestamp(),
    written_by text        not null default session_user,
    text       text        not null,
    constraint ban_note_pkey primary key (id),
    constraint ban_note_written_at_range check (
        written_at between '0001-01-01 00:00+00' and '9999-12-31 23:59:59.999+00'
    ),
    constraint ban_note_written_by_length check (length(written_by) <= 512),
    constraint ban_note_text_length check (length(text) between 1 and 4000)
);
create index ban_note_ban_idx on ban_note (ban, id);
comment on table ban_note is 'What the staff noted on bans; players never see it, and servers are not told';
comment on column ban_note.id is 'Number of the note';
comment on column ban_note.ban is 'ban.id; a note goes with its ban';
comment on column ban_note.written_at is 'When';
comment on column ban_note.written_by is 'Who';
comment on column ban_note.text is 'What';

-- A foreign key would forbid TRUNCATE ban, by which people unban everybody.
-- +goose StatementBegin
create function ban_note_before_write() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    perform from public.ban where id = new.ban for key share;
    if not found then
        raise foreign_key_violation
            using message = format('there is no ban %s', new.ban), constraint = 'ban_note_ban_fkey';
    end if;
    if (select count(*) from (select from public.ban_note where ban = new.ban limit 1000) as n) = 1000 then
        raise check_violation
            using message = format('ban %s has 1000 notes already', new.ban), constraint = 'ban_note_count',
                table = 'ban_note', hint = 'Delete notes that nobody needs.';
    end if;
    return new;
end
$$;
comment on function ban_note_before_write() is
    'Refuses a note on a ban that does not exist or has 1000, and keeps the ban until the note is committed';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_note_follow() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
    if tg_op = 'TRUNCATE' then
        delete from public.ban_note;
    else
        delete from public.ban_note where ban in (select id from changed_rows);
    end if;
    return null;
end
$$;
comment on function ban_note_follow() is 'Deletes the notes of bans that go';
-- +goose StatementEnd

create trigger ban_note_before_write before insert or update of ban on ban_note
    for each row execute function ban_note_before_write();
create trigger ban_note_delete after delete on ban
    referencing old table as changed_rows for each statement execute function ban_note_follow();
create trigger ban_note_truncate after truncate on ban
    for each statement execute function ban_note_follow();
alter table ban_note enable always trigger ban_note_before_write;
alter table ban enable always trigger ban_note_delete;
alter table ban enable always trigger ban_note_truncate;

revoke execute on function ban_note_before_write(), ban_note_follow() from public;
grant select, insert, update, delete on ban_note to playersync_app;
grant select on ban_note to playersync_readonly;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop trigger ban_note_truncate on ban;
drop trigger ban_note_delete on ban;
drop table ban_note;
drop function ban_note_follow();
drop function ban_note_before_write();
