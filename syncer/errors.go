package syncer

import (
	"errors"
	"fmt"
)

// Code classifies an [Error]; the HTTP layer maps it to a status and the
// command line to an exit code. Codes are part of the API and do not change.
type Code string

// The codes.
const (
	CodeInvalid        Code = "invalid"              // the request names something that cannot be; see Field
	CodeNotFound       Code = "not_found"            // no such player, ban, …
	CodeStale          Code = "stale"                // If-Match named a revision that is no longer current
	CodeConflict       Code = "conflict"             // the request contradicts what is stored
	CodeUnconfirmed    Code = "unconfirmed"          // more is done than a slip should do; say that it is meant
	CodeChangedSince   Code = "changed_since"        // what should be taken back is no longer what the change left
	CodeTooLarge       Code = "too_large"            // more than may be sent; see Field
	CodeFull           Code = "full"                 // no room; delete something first
	CodeInsufficient   Code = "insufficient_funds"   // the balance is less than is to be paid; see Balance
	CodeKeyReused      Code = "idempotency_conflict" // the key was used for another change
	CodeUnavailable    Code = "database_unavailable" // nothing was stored; the same request may succeed later
	CodeOutcomeUnknown Code = "outcome_unknown"      // the connection broke during commit, or a save is only in memory
)

// Error is a refusal that its receiver can act on. Its text is meant for people
// outside; the wrapped cause is for the log only.
type Error struct {
	Code    Code
	Field   string // JSON name or path of the field at fault, empty if none
	Message string // lower case, no final stop
	Balance int64  // of CodeInsufficient: what there is
	Cause   error  // may be nil
}

// Error returns the message, with the field in front and the cause behind.
func (e *Error) Error() string {
	text := e.Message
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Invalid returns a refusal of one field.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// InField returns what refuses one field as a refusal of another, and any other error as it is.
func InField(field string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Code == CodeInvalid {
		return &Error{Code: e.Code, Field: field, Message: e.Message, Cause: e.Cause}
	}
	return err
}

// NotFound returns a refusal because nothing of that name exists.
func NotFound(format string, args ...any) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf(format, args...)}
}

// Unavailable returns a refusal because the database cannot be asked.
func Unavailable(cause error) *Error {
	return &Error{Code: CodeUnavailable, Message: "the database cannot be reached; nothing was stored", Cause: cause}
}

// RepeatUnknown does what is safe to do again, and does it once more if the outcome is
// unknown. That the second was not stored says nothing of the first: then the
// outcome stays unknown.
func RepeatUnknown(do func() error) error {
	first := do()
	if CodeOf(first) != CodeOutcomeUnknown {
		return first
	}
	if second := do(); CodeOf(second) != CodeUnavailable {
		return second
	}
	return first
}

// CodeOf returns the code of the first [Error] in err's chain, or "".
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// IsAway reports whether an error says that the database could not be asked, or that
// its answer did not arrive: the same request may succeed later.
func IsAway(err error) bool {
	code := CodeOf(err)
	return code == CodeUnavailable || code == CodeOutcomeUnknown
}
