package syncer

import (
	"cmp"
	"context"
)

// Attribution says who makes a change, for the audit. It travels in the context of
// the request that makes it, since no rule depends on it.
type Attribution struct {
	By     string // the person, as the caller says; "" if it does not
	Server string // name of the game server; "" for none
}

// Or returns a with what it leaves open taken from b.
func (a Attribution) Or(b Attribution) Attribution {
	return Attribution{By: cmp.Or(a.By, b.By), Server: cmp.Or(a.Server, b.Server)}
}

type attributionKey struct{}

// AttributionOf returns what [WithActor] and [WithServer] put into a context.
func AttributionOf(ctx context.Context) Attribution {
	a, _ := ctx.Value(attributionKey{}).(Attribution)
	return a
}

// WithActor returns a context in which changes are the given person's, unless a change
// itself names another. With "" it is still open whose they are.
func WithActor(ctx context.Context, by string) context.Context {
	if by == "" {
		return ctx
	}
	a := AttributionOf(ctx)
	a.By = by
	return context.WithValue(ctx, attributionKey{}, a)
}

// WithServer returns a context in which changes come through the given game server,
// unless it is known already through which they come.
func WithServer(ctx context.Context, server string) context.Context {
	a := AttributionOf(ctx)
	if a.Server != "" {
		return ctx
	}
	a.Server = server
	return context.WithValue(ctx, attributionKey{}, a)
}

// CheckAuthor returns an [Error] at field unless the audit can name a person so.
func CheckAuthor(field, by string) error { return CheckText(field, by, MaxHistoryText) }
