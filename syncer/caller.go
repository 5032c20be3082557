package syncer

import "context"

type callerKey struct{}

// WithCaller returns a context in which a request comes from a program. The text, of any
// form, tells it from others that ask in the name of the same game server.
func WithCaller(ctx context.Context, caller string) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf returns what [WithCaller] put into a context, "" if nothing.
func CallerOf(ctx context.Context) string {
	caller, _ := ctx.Value(callerKey{}).(string)
	return caller
}
