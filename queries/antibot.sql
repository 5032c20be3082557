-- name: AntibotPatterns :many
-- All patterns, by kind.
select *
from antibot_pattern
order by kind;

-- name: SetAntibotPattern :one
-- Sets the pattern of a kind, by a person or, where none is named, by this login.
insert into antibot_pattern (kind, pattern, set_by)
values (sqlc.arg(kind), sqlc.arg(pattern), coalesce(nullif(sqlc.arg(set_by)::text, ''), session_user))
on conflict (kind) do update
set pattern = excluded.pattern, set_by = excluded.set_by, set_at = now()
returning *;

-- name: ClearAntibotPattern :execrows
-- Removes the pattern of a kind.
delete from antibot_pattern
where kind = sqlc.arg(kind);
