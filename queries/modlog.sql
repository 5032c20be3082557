-- name: AddModLog :exec
-- Writes down what moderators did; the token recognises an entry that was sent again.
insert into mod_log (at, source, message, token)
values (sqlc.arg(at), sqlc.arg(source), sqlc.arg(message), sqlc.arg(token))
on conflict do nothing;
