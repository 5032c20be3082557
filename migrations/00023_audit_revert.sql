-- The way back from a change in the audit. Each is one statement that finds no row
-- if the value is no longer the one that the change left.

-- +goose Up
set local lock_timeout = '5s';
set local role playersync_owner;

-- +goose StatementBegin
create function player_revert(a audit) returns boolean
language plpgsql
as $$
begin
    if a.field = 'row' then
        insert into player (
            uuid, rank, flags, unmute_time, mute_reason, unmark_time, attributes, name, override_name, highlight,
            rainbow_speed, chat_strictness, show_rank_prefix, language, achievements, gamemodes, created_at
        )
        values (
            a.uuid,
            a.old ->> 'rank',
            array(select jsonb_array_elements_text(a.old -> 'flags')),
            (a.old ->> 'unmuteTime')::timestamptz,
            a.old ->> 'muteReason',
            (a.old ->> 'unmarkTime')::timestamptz,
            a.old -> 'attributes',
            a.old ->> 'name',
            a.old ->> 'overrideName',
            a.old ->> 'highlight',
            (a.old -> 'rainbow' ->> 'speed')::integer,
            a.old ->> 'chatStrictness',
            (a.old ->> 'showRankPrefix')::boolean,
            a.old ->> 'language',
            a.old ->> 'achievements',
            a.old -> 'gamemodes',
            (a.old ->> 'createdAt')::timestamptz
        )
        on conflict do nothing;
        return found;
    end if;
    update player as p
    set rank = case a.field when 'rank' then a.old #>> '{}' else p.rank end,
        flags = case a.field when 'flags' then array(select jsonb_array_elements_text(a.old)) else p.flags end,
        unmute_time = case a.field when 'unmuteTime' then (a.old #>> '{}')::timestamptz else p.unmute_time end,
        mute_reason = case a.field when 'muteReason' then a.old #>> '{}' else p.mute_reason end,
        unmark_time = case a.field when 'unmarkTime' then (a.old #>> '{}')::timestamptz else p.unmark_time end,
        attributes = case a.field
            when 'attributes' then (p.attributes - array(select jsonb_object_keys(a.new))) || a.old
            else p.attributes
        end
    where p.uuid = a.uuid
      and case a.field
          when 'rank' then p.rank = a.new #>> '{}'
          when 'flags' then text_set_json(p.flags) = a.new
          when 'unmuteTime' then p.unmute_time is not distinct from (a.new #>> '{}')::timestamptz
          when 'muteReason' then p.mute_reason = a.new #>> '{}'
          when 'unmarkTime' then p.unmark_time is not distinct from (a.new #>> '{}')::timestamptz
          when 'attributes' then not exists (
              select
              from jsonb_object_keys(a.old || a.new) as key
              where p.attributes -> key is distinct from a.new -> key
          )
      end;
    return found;
end
$$;
comment on function player_revert(audit) is 'Takes back the change of a player; false: the value has changed since';
-- +goose StatementEnd

-- +goose StatementBegin
create function ban_revert(a audit, by text, reason text) returns boolean
language plpgsql
as $$
begin
    if a.field = 'row' and a.old is null then
        update ban as b
        set lifted_at = greatest(clock_timestamp(), b.created_at),
            lifted_by = ban_revert.by,
            lift_reason = ban_revert.reason
        where b.id = a.ban and b.lifted_at is null and ban_audited(b) = a.new;
    elsif a.field = 'row' then
        insert into ban (id, uuid, ip, reason, banned_by, created_at, expires_at, lifted_at, lifted_by, lift_reason)
        overriding system value
        values (
            a.ban,
            'uuid:' || a.uuid,
            a.ip,
            a.old ->> 'reason',
            a.old ->> 'by',
            (a.old ->> 'createdAt')::timestamptz,
            (a.old ->> 'expiresAt')::timestamptz,
            (a.old -> 'lift' ->> 'at')::timestamptz,
            a.old -> 'lift' ->> 'by',
            a.old -> 'lift' ->> 'reason'
        )
        on conflict do nothing;
    else
        update ban as b
        set uuid = case a.field when 'target' then 'uuid:' || (a.old ->> 'uuid') else b.uuid end,
            ip = case a.field when 'target' then (a.old ->> 'ip')::inet else b.ip end,
            reason = case a.field when 'reason' then a.old #>> '{}' else b.reason end,
            banned_by = case a.field when 'by' then a.old #>> '{}' else b.banned_by end,
            created_at = case a.field when 'createdAt' then (a.old #>> '{}')::timestamptz else b.created_at end,
            expires_at = case a.field when 'expiresAt' then (a.old #>> '{}')::timestamptz else b.expires_at end,
            lifted_at = case a.field when 'lift' then (a.old ->> 'at')::timestamptz else b.lifted_at end,
            lifted_by = case a.field when 'lift' then a.old ->> 'by' else b.lifted_by end,
            lift_reason = case a.field when 'lift' then a.old ->> 'reason' else b.lift_reason end
        where b.id = a.ban
          and case a.field
              when 'target' then jsonb_strip_nulls(jsonb_build_object('uuid', b.uuid, 'ip', b.ip)) = a.new
              when 'reason' then b.reason = a.new #>> '{}'
              when 'by' then b.banned_by = a.new #>> '{}'
              when 'createdAt' then b.created_at = (a.new #>> '{}')::timestamptz
              when 'expiresAt' then b.expires_at is not distinct from (a.new #>> '{}')::timestamptz
              when 'lift' then ban_lift(b) is not distinct from a.new
          end;
    end if;
    return found;
exception
    when unique_violation then
        return false; -- another ban of the target is open
end
$$;
comment on function ban_revert(audit, text, text) is
    'Takes back the change of a ban: a new one is lifted, a lifted one '
    'opened, a deleted one made again; false: it has changed since';
-- +goose StatementEnd

-- The settings end with the function, not with the transaction: what follows in it
-- is no revert.

-- +goose StatementBegin
create function audit_revert(id bigint, by text default session_user, reason text default '') returns bigint
language plpgsql
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
as $$
declare
    person   constant text := coalesce(current_setting('syncer.by', true), '');
    entry    audit;
    reverted boolean;
begin
    select a.* into entry from audit as a where a.id = audit_revert.id;
    if not found then
        raise exception 'there is no change %', audit_revert.id using errcode = 'no_data_found';
    end if;
    if entry.field in ('table', 'pruned', 'usid', 'kick')
        or (entry.entity, entry.field) = ('player', 'row') and entry.old is null
    then
        raise exception 'change % cannot be taken back', entry.id
            using errcode = 'feature_not_supported',
                hint = case entry.field
                    when 'table' then 'Truncated rows are gone.'
                    when 'pruned' then 'What was forgotten is gone.'
                    when 'usid' then 'Usids are secret: the audit keeps none.'
                    when 'kick' then 'A request to kick counts for a minute.'
                    else 'DELETE FROM player removes a player.'
                end;
    end if;
    perform set_config('syncer.by', audit_revert.by, true), set_config('syncer.reverts', entry.id::text, true);
    case entry.entity
        when 'player' then reverted := player_revert(entry);
        when 'ban' then reverted := ban_revert(entry, audit_revert.by, audit_revert.reason);
    end case;
    perform set_config('syncer.by', person, true), set_config('syncer.reverts', '', true);
    if not reverted then
        raise exception 'what change % left has changed since', entry.id
            using errcode = 'object_not_in_prerequisite_state', hint = 'Look at the later changes in audit_log.';
    end if;
    return (select max(a.id) from audit as a where a.reverts = entry.id);
end
$$;
comment on function audit_revert(bigint, text, text) is
    'Restores what was before a change, as a new change, whose number it returns. Refuses '
    'if the value has changed since. The reason is that of the lift where a ban is lifted';
-- +goose StatementEnd

revoke execute on function audit_revert(bigint, text, text) from public;
grant execute on function audit_revert(bigint, text, text) to playersync_app;

reset role;

-- +goose Down
set local lock_timeout = '5s';
drop function audit_revert(bigint, text, text);
drop function ban_revert(audit, text, text);
drop function player_revert(audit);
