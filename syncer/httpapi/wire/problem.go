package wire

import (
	"fmt"

	"playersync/syncer"
)

// Problem is the body of every refusal: problem details (RFC 9457) of type about:blank,
// with a code for programs and the fields at fault.
type Problem struct {
	Type    string       `json:"type" doc:"Always about:blank: the code says more." example:"about:blank"`
	Title   string       `json:"title" doc:"The status in words." example:"Unprocessable Entity"`
	Status  int          `json:"status" doc:"The HTTP status." example:"422"`
	Code    syncer.Code  `json:"code" doc:"What went wrong, for programs. Codes do not change." example:"invalid"`
	Detail  string       `json:"detail" doc:"What went wrong, for people." example:"rank: must not be empty"`
	Balance *int64       `json:"balance,omitempty" doc:"Of insufficient_funds: what there is." example:"120"`
	Errors  []FieldError `json:"errors,omitempty" doc:"The fields at fault, as far as known."`
}

// FieldError names one field at fault.
type FieldError struct {
	In      string `json:"in" enum:"body,path,query,header" doc:"Where the field is."`
	Field   string `json:"field" doc:"Its name or path." example:"flags[0]"`
	Message string `json:"message" doc:"What is wrong with it." example:"must be a text, is a number"`
}

// Error returns the field and what is wrong with it.
func (f FieldError) Error() string { return fmt.Sprintf("%s %s: %s", f.In, f.Field, f.Message) }
