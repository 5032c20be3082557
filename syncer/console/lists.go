package console

import (
	"net/http"
	"net/url"
	"strings"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// listSize is how many rows a page lists.
const listSize = 50

// listing is a list as a page shows it.
type listing[R any] struct {
	Rows    []R
	Here    string // this page with its filters and place, behind Path
	Next    string // the page with the rows that follow; "" if this is the last
	Problem string // why the rows are not shown

	status int // of the answer
}

// list reads the page of a list that a request asks for. Read is given what stands in the
// address of the page, and returns the position of the next page, "" on the last.
func list[R any](
	c *Console, r *http.Request, read func(q url.Values, page sidecar.Page) (rows []R, next string, err error),
) listing[R] {
	q := r.URL.Query()
	path := strings.TrimPrefix(r.URL.EscapedPath(), Path)
	l := listing[R]{Here: path + "?" + q.Encode(), status: http.StatusOK}
	rows, next, err := read(q, sidecar.Page{Size: listSize, After: q.Get("after")})
	if err != nil {
		l.status, l.Problem = c.problemOf(err)
		return l
	}
	l.Rows = rows
	if next != "" {
		q.Set("after", next)
		l.Next = path + "?" + q.Encode()
	}
	return l
}

// sinceOf reads a time, or how long ago it was; none for "".
func (c *Console) sinceOf(text string) (syncer.Time, error) {
	if text == "" {
		return syncer.Time{}, nil
	}
	from, err := syncer.ParseMoment(text)
	if err != nil {
		return syncer.Time{}, syncer.Invalid("since", "%s", err)
	}
	return from.At(c.deps.Now()), nil
}
