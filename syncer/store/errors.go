package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer"
)

// SQLSTATE codes and classes, PostgreSQL documentation, appendix A.
const (
	classConnection   = "08"
	classData         = "22"
	classIntegrity    = "23"
	classRollback     = "40"
	classResources    = "53"
	classIntervention = "57"
	classSystem       = "58"
	codeReadOnly      = "25006"
	codePlanChanged   = "0A000"
	codeQueueFull     = "54000" // of notifications, among other limits
	codeLockTimeout   = "55P03"
	codeNotInState    = "55000"
	codeNoData        = "P0002"
	codeTooManyRows   = "P0003"
)

// notServing are the SQLSTATE codes and classes of a server that answers, but whose state
// or schema does not let it serve, as while a backup is restored: sessions it gave up, refused
// logins, missing databases, schemas, tables, columns and functions, missing privileges, a full
// queue of notifications, objects in use, faults of its own. They pass, as the feed takes them to.
var notServing = []string{
	"25P03", "28", "3D", "3F", "42501", "42703", "42704", "42883", "42P01", codeQueueFull, "55", "XX",
}

// readError translates the error of an operation that stores nothing.
func readError(what string, err error) error {
	if err == nil {
		return nil
	}
	return translate(what, err, false)
}

// writeError translates the error of an operation that may have stored something
// unless the error shows that it did not.
func writeError(what string, err error) error {
	if err == nil {
		return nil
	}
	return translate(what, err, true)
}

func translate(what string, err error, wrote bool) error {
	if _, ok := errors.AsType[*syncer.Error](err); ok {
		return err
	}
	cause := fmt.Errorf("%s: %w", what, oneLineError{err})
	_, isNotStored := errors.AsType[notStoredError](err)
	mayBeStored := wrote && !isNotStored
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && (!mayBeStored || isVerdict(refused)) {
		return translateRefusal(refused, cause)
	}
	switch {
	case mayBeStored:
		return outcomeUnknown(cause)
	case !wrote && errors.Is(err, context.Canceled):
		return cause
	}
	return syncer.Unavailable(cause)
}

// oneLineError is an error of the driver, which writes each address that it tried on a line of
// its own, as logs and JSON carry it.
type oneLineError struct{ error }

var oneLine = strings.NewReplacer(":\n\t", ": ", "\n\t", "; ", "\n", "; ")

func (e oneLineError) Error() string { return oneLine.Replace(e.error.Error()) }

func (e oneLineError) Unwrap() error { return e.error }

// isVerdict reports whether the server itself says that it did not do what it was asked. It
// does so by the level ERROR, which poolers do not send in the field that is never
// translated; a session may end (FATAL) between a commit and its answer.
func isVerdict(refused *pgconn.PgError) bool { return refused.SeverityUnlocalized == "ERROR" }

func outcomeUnknown(cause error) error {
	return &syncer.Error{
		Code:    syncer.CodeOutcomeUnknown,
		Message: "the connection to the database broke; read before repeating, the change may have been stored",
		Cause:   cause,
	}
}

// translateRefusal handles what the server itself said: then nothing was stored.
func translateRefusal(refused *pgconn.PgError, cause error) error {
	switch {
	case strings.HasPrefix(refused.Code, classData), strings.HasPrefix(refused.Code, classIntegrity):
		return &syncer.Error{
			Code: syncer.CodeInvalid, Field: fieldOf(refused), Message: limitOf(refused), Cause: cause,
		}
	case refused.Code == codeReadOnly, refused.Code == codeLockTimeout,
		strings.HasPrefix(refused.Code, classConnection), strings.HasPrefix(refused.Code, classRollback),
		strings.HasPrefix(refused.Code, classResources), strings.HasPrefix(refused.Code, classIntervention),
		strings.HasPrefix(refused.Code, classSystem):
		return syncer.Unavailable(cause)
	case !isRaised(refused) && hasPrefix(refused.Code, notServing):
		return &syncer.Error{
			Code:    syncer.CodeUnavailable,
			Message: "the database answers, but cannot serve this at present; nothing was stored",
			Cause:   cause,
		}
	default:
		return cause
	}
}

func hasPrefix(code string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(code, prefix) })
}

// repeatedly does something in a transaction of its own, up to three times while the
// server rolls it back for a reason that passes.
func repeatedly(do func() error) error {
	err := do()
	for attempts := 1; attempts < 3 && isRepeatable(err); attempts++ {
		err = do()
	}
	return err
}

// isRepeatable reports whether the server rolled the transaction back because of
// a rival, or a cached plan went stale, so that the same again may succeed. A rival with
// the same key of a payment is seen the next time.
func isRepeatable(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(refused.Code, classRollback) || !isRaised(refused) &&
		(refused.Code == codePlanChanged || refused.ConstraintName == "ledger_key_idx"))
}

// isLockTimeout reports whether a statement was given up because somebody else kept a lock.
func isLockTimeout(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.Code == codeLockTimeout
}

// isRaised reports whether a function of ours refused, which may do so by a SQLSTATE
// that the server has another use for.
func isRaised(refused *pgconn.PgError) bool { return refused.Routine == "exec_stmt_raise" }

// fieldsByConstraint names the API's field for each constraint that a value can
// violate; see the migrations.
var fieldsByConstraint = map[string]string{
	"player_uuid_form":                 "uuid",
	"kick_uuid_form":                   "uuid",
	"kick_reason_length":               "reason",
	"kick_kicked_by_length":            "by",
	"player_rank_form":                 "rank",
	"player_flags_set":                 "flags",
	"player_unmute_time_range":         "unmuteTime",
	"player_mute_reason_length":        "muteReason",
	"player_mute_reason_complete":      "muteReason",
	"player_unmark_time_range":         "unmarkTime",
	"player_attributes_form":           "attributes",
	"player_name_length":               "name",
	"player_override_name_length":      "overrideName",
	"player_highlight_length":          "highlight",
	"player_rainbow_speed_range":       "rainbow.speed",
	"player_chat_strictness_known":     "chatStrictness",
	"player_language_length":           "language",
	"player_achievements_form":         "achievements",
	"player_gamemodes_form":            "stats",
	"player_addresses_form":            "usid",
	"player_history_count":             "history",
	"player_history_action_length":     "history.action",
	"player_history_by_length":         "history.by",
	"player_history_time_range":        "history.time",
	"ban_one_target":                   "uuid",
	"ban_uuid_form":                    "uuid",
	"ban_ip_is_network":                "ip",
	"ban_ip_not_mapped":                "ip",
	"ban_reason_length":                "reason",
	"ban_banned_by_length":             "by",
	"ban_expires_at_range":             "expiresAt",
	"ban_lifted_at_range":              "liftedAt",
	"ban_lifted_by_length":             "by",
	"ban_lift_reason_length":           "reason",
	"ban_note_ban_fkey":                "ban",
	"ban_note_written_at_range":        "at",
	"ban_note_written_by_length":       "by",
	"ban_note_text_length":             "text",
	"ban_note_count":                   "text",
	"staff_message_server_form":        "server",
	"staff_message_name_length":        "name",
	"staff_message_player_length":      "player",
	"staff_message_text_length":        "text",
	"antibot_pattern_kind_known":       "kind",
	"antibot_pattern_pattern_form":     "pattern",
	"blacklisted_address_address_form": "address",
	"mod_log_message_length":           "message",
	"player_visit_server_form":         "server",
	"player_count_server_form":         "server",
	"player_count_players_range":       "players",
	"map_run_current_map_form":         "map",
	"map_run_current_session_form":     "session",
	"map_run_current_players_range":    "players",
	"map_run_current_wave_range":       "wave",
	"map_run_winner_form":              "winner",
	"map_run_max_players_range":        "players",
	"map_run_wave_range":               "wave",
	"currency_name_form":               "currency",
	"currency_count":                   "currency",
	"balance_player_fkey":              "uuid",
	"balance_currency_fkey":            "currency",
	"balance_amount_range":             "amount",
	"ledger_key_form":                  "key",
	"ledger_key_idx":                   "key",
	"ledger_reason_length":             "reason",
	"ledger_by_length":                 "by",
	"ledger_server_length":             "server",
	"server_name_form":                 "server.name",
	"server_gamemode_form":             "server.gamemode",
	"server_address_form":              "server.address",
}

// constraintOf names the constraint that refused a row, "" for any other error.
func constraintOf(err error) string {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused.ConstraintName
	}
	return ""
}

// limitsByConstraint says what a constraint allows where a change that is within the limits
// may break it together with what is stored.
var limitsByConstraint = map[string]string{
	"player_attributes_form": "together with what is stored must take at most 1 MiB and be nested at most 64 deep; " +
		"remove a key by setting it to null",
	"player_history_count":        "together with what is stored must have at most 10000 entries",
	"player_mute_reason_complete": "is of a mute, and the player is not muted",
	"player_flags_set":            "together with those stored must have at most 1024 members of 1 to 64 characters",
	"player_achievements_form":    "together with those stored must have at most 65536 characters",
	"player_gamemodes_form": "together with those stored must lie between -9007199254740991 and 9007199254740991 " +
		"and, of all gamemodes, take at most 1 MiB",
	"player_addresses_form": "of all servers together must take at most 1 MiB",
	"ban_note_count":        "cannot be added: a ban has at most 1000 notes",
	"currency_count":        "cannot be added: there are at most 1000 currencies",
}

// limitOf says what the value must be, as far as the constraint tells.
func limitOf(refused *pgconn.PgError) string {
	if limit, known := limitsByConstraint[refused.ConstraintName]; known {
		return limit
	}
	if refused.ConstraintName != "" {
		return "the database refuses this value: it breaks the constraint " + refused.ConstraintName
	}
	return "the database refuses this value"
}

func fieldOf(refused *pgconn.PgError) string {
	return fieldsByConstraint[refused.ConstraintName]
}

// redact removes what pgx quotes of a connection string.
func redact(err error) error {
	if parse, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return fmt.Errorf("%s", strings.TrimPrefix(parse.Error(), "cannot parse `"+parse.ConnString+"`: "))
	}
	return err
}
