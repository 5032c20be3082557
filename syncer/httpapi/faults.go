package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"playersync/syncer"
	"playersync/syncer/httpapi/strict"
)

// What huma says of requests is said here in our words. Its hooks are variables.
func init() {
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, _ ...error) huma.StatusError {
		return newProblem(status, codeInternal, "%s", msg)
	}
	huma.NewErrorWithContext = problemOfRequest
	validation.MsgExpectedOneOf = "must be one of %s"
	validation.MsgExpectedMinimumNumber = "must be at least %v"
	validation.MsgExpectedMaximumNumber = "must be at most %v"
	validation.MsgExpectedMinLength = "must have at least %d characters"
	validation.MsgExpectedMaxLength = "must have at most %d characters"
}

// wording is for the messages of huma that are no variables.
var wording = strings.NewReplacer(
	"invalid value: ", "", "invalid integer", "must be a whole number", "invalid boolean", "must be true or false",
	"required query parameter is missing", "is missing", "required path parameter is missing", "is missing",
)

// problemOfRequest returns the problem for a request that huma could not read, or for an
// error that is none of ours.
func problemOfRequest(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return tooLarge(ctx.Operation().MaxBodyBytes - 1)
	case http.StatusRequestTimeout:
		return tooSlow()
	case http.StatusBadRequest:
		return malformed("is empty; a JSON object is needed")
	case http.StatusInternalServerError:
		return malformed("ends before its length")
	}
	for _, err := range errs {
		if problem, ok := errors.AsType[*Problem](err); ok {
			return problem
		}
	}
	fields, inBodyToo := faultsInQuery(ctx.Context()), []FieldError(nil)
	settled := len(fields)
	for _, err := range errs {
		if field, ok := errors.AsType[FieldError](err); ok {
			fields = put(fields, settled, field)
		} else if detail, ok := errors.AsType[*huma.ErrorDetail](err); ok && detail.Location == inBody {
			said := bodyFaults(detail.Message)
			if said.Malformed != "" {
				return malformed(said.Malformed)
			}
			inBodyToo = inBodyFields(said.Faults)
		} else if ok {
			fields = put(fields, settled, reworded(detail))
		}
	}
	if len(fields) == 0 {
		fields = inBodyToo // of a request that is wrong otherwise nobody knows what the body should be
	}
	if len(fields) == 0 {
		return newProblem(http.StatusBadRequest, codeMalformed, "%s", msg)
	}
	return refuse(fields...)
}

// put adds a field at fault. Of one that is there already the new message wins, except for the
// first settled ones: what the domain says comes after what the schema says.
func put(fields []FieldError, settled int, field FieldError) []FieldError {
	for i, known := range fields {
		if known.In == field.In && known.Field == field.Field {
			if i >= settled {
				fields[i] = field
			}
			return fields
		}
	}
	return append(fields, field)
}

// reworded says in our words what huma says of a parameter.
func reworded(detail *huma.ErrorDetail) FieldError {
	in, name, _ := strings.Cut(detail.Location, ".")
	message := wording.Replace(detail.Message)
	switch value := detail.Value.(type) {
	case int64:
		message += fmt.Sprintf(", is %d", value)
	case string:
		if value == "" {
			message = "must not be empty"
		} else if strings.HasSuffix(message, " characters") {
			message += fmt.Sprintf(", has %d", utf8.RuneCountInString(value))
		}
	}
	return FieldError{In: in, Field: name, Message: message}
}

// bodyFaults reads what [declaration.Unmarshal] said.
func bodyFaults(text string) (said strict.Error) {
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		said.Malformed = text
	}
	return said
}

func inBodyFields(faults []strict.Fault) []FieldError {
	fields := make([]FieldError, len(faults))
	for i, f := range faults {
		if fields[i] = (FieldError{In: inBody, Field: f.Path, Message: f.Message}); f.Path == "" {
			fields[i].Field = "body"
		}
	}
	return fields
}

// faultsOf returns a problem's fields as errors, for huma, so that others are named with
// them; or the problem, if it is of another kind.
func faultsOf(err error) []error {
	if err == nil {
		return nil
	}
	problem, _ := problemOf(err)
	if len(problem.Errors) == 0 {
		return []error{problem}
	}
	errs := make([]error, len(problem.Errors))
	for i, field := range problem.Errors {
		errs[i] = field
	}
	return errs
}

// inQueryIfAny says of a refused field that it was in the query.
func inQueryIfAny(err error) error {
	if syncer.CodeOf(err) != syncer.CodeInvalid {
		return err
	}
	problem, _ := problemOf(err)
	fields := problem.Errors
	for i := range fields {
		fields[i].In = inQuery
	}
	if len(fields) == 0 {
		return err
	}
	return refuse(fields...)
}

// GetStatus returns the status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders returns what is sent along, for huma.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType returns the type of problem details, for huma.
func (p *Problem) ContentType(string) string { return typeProblem[0] }
