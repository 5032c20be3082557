package httpapi

import (
	"errors"
	"strconv"

	"playersync/syncer/sidecar"
)

// PageSize is part of the input of an operation that lists.
type PageSize struct {
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"At most so many."`
}

// Page is part of the input of an operation that lists in pages.
type Page struct {
	PageSize
	After string `query:"after" doc:"The next of the page before."`
}

// selection returns the part of a listing that is asked for.
func (p Page) selection() sidecar.Page { return sidecar.Page{Size: p.Limit, After: p.After} }

// NumberedPage is a Page whose next is a number.
type NumberedPage struct {
	PageSize
	After position `query:"after" minLength:"1" doc:"The next of the page before."`
}

// position is a number that a page returned as next; absent: 0.
type position struct{ number int64 }

// UnmarshalText reads the number.
func (p *position) UnmarshalText(text []byte) (err error) {
	p.number, err = strconv.ParseInt(string(text), 10, 64)
	if err != nil || p.number < 1 {
		return errors.New("is not a position that a page returned as next")
	}
	return nil
}

// nextPosition returns what a page says of the next; 0: it is the last.
func nextPosition(number int64) *string {
	if number == 0 {
		return nil
	}
	return new(strconv.FormatInt(number, 10))
}
