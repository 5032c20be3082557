-- name: AntibotPatterns :many
-- All patterns, by kind.
select *
from antibot_pattern
order by kind;

-- name: SetAntibotPattern :exec
-- Sets the pattern of a kind.
insert into antibot_pattern (kind, pattern, set_by)
values (sqlc.arg(kind), sqlc.arg(pattern), sqlc.arg(set_by))
on conflict (kind) do update
set pattern = excluded.pattern, set_by = excluded.set_by, set_at = now();

-- name: ClearAntibotPattern :execrows
-- Removes the pattern of a kind.
delete from antibot_pattern
where kind = sqlc.arg(kind);
