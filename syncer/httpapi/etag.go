package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// etag returns a revision as an entity tag.
func etag(revision int64) string {
	b := make([]byte, 0, 24)
	b = strconv.AppendInt(append(b, '"'), revision, 10)
	return string(append(b, '"'))
}

// Condition is part of the input of a change that may depend on a revision.
type Condition struct {
	IfMatch string `header:"If-Match" example:"\"42\"" doc:"ETag that the change depends on, or \"*\"."`

	revision *int64
}

// Resolve reads the revision.
func (c *Condition) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	var err error
	c.revision, err = ifMatch(r.Header)
	return faultsOf(err)
}

// ifMatch reads the revision that a change depends on: nil for none and for "*",
// which any existing record meets.
func ifMatch(h http.Header) (*int64, error) {
	values := h["If-Match"]
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "*" {
		return nil, nil
	}
	revision, ok := parseTag(values[0])
	if len(values) > 1 || !ok {
		return nil, refuse(FieldError{
			In: inHeader, Field: "If-Match",
			Message: `must be "*" or one ETag as an answer gave it, e.g. "42" with its quotes`,
		})
	}
	return &revision, nil
}

// noneMatch reports whether If-None-Match names the revision. Tags that this API
// never gave out match nothing.
func noneMatch(h http.Header, revision int64) bool {
	for _, line := range h["If-None-Match"] {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if known, ok := parseTag(tag); tag == "*" || ok && known == revision {
				return true
			}
		}
	}
	return false
}

// parseTag reads a revision in quotes.
func parseTag(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	if len(text) < 3 || text[0] != '"' || text[len(text)-1] != '"' {
		return 0, false
	}
	revision, err := strconv.ParseInt(text[1:len(text)-1], 10, 64)
	return revision, err == nil && revision >= 0 && text[1] != '+'
}

// staleProblem is the refusal of a change because the revision is another by now, which
// current reads.
func staleProblem(err error, current func() (revision int64, err error)) error {
	problem, _ := problemOf(err)
	problem.Errors = []FieldError{{In: inHeader, Field: "If-Match", Message: "is no longer the current revision"}}
	if revision, err := current(); err == nil {
		problem.header = http.Header{"Etag": {etag(revision)}}
	}
	return problem
}
