package sidecar

import (
	"context"
	"log/slog"

	"playersync/syncer"
)

// Chat is the chat between the staff of all servers. Messages are rows; the feed
// brings them to every sidecar.
type Chat struct {
	store   ChatStore
	forward func(string)
	log     *slog.Logger
}

// ChatStore is what the chat needs of the database.
type ChatStore interface {
	SendStaffMessage(ctx context.Context, m syncer.StaffMessage) (sent syncer.StaffMessage, isNew bool, err error)
	StaffMessagesAfter(ctx context.Context, after int64, size int) ([]syncer.StaffMessage, error)
	PruneStaffChat(ctx context.Context) error
}

// NewChat returns the chat in the store. Forward takes messages for other places and
// must not block; nil: there are none. Run must be running for old messages to be
// deleted.
func NewChat(store ChatStore, forward func(string), log *slog.Logger) *Chat {
	if forward == nil {
		forward = func(string) {}
	}
	return &Chat{store: store, forward: forward, log: log}
}

// Send stores a message, and with that sends it to everyone. The same again within
// five seconds is the same message. Forward also sends it to places outside, which
// those that come from there must not be. Errors: invalid, database_unavailable,
// outcome_unknown.
func (c *Chat) Send(ctx context.Context, m syncer.StaffMessage, forward bool) (syncer.StaffMessage, error) {
	if err := m.Validate(); err != nil {
		return m, err
	}
	var sent syncer.StaffMessage
	isNew, attempts := false, 0
	err := syncer.RepeatUnknown(func() (err error) { // it is recognised if it was stored
		sent, isNew, err = c.store.SendStaffMessage(ctx, m)
		attempts++
		return err
	})
	if err == nil && forward && (isNew || attempts > 1) {
		c.forward(sent.Plain())
	}
	return sent, err
}

// Messages returns up to size messages behind a number, oldest first; for 0 the
// last ones.
func (c *Chat) Messages(ctx context.Context, after int64, size int) ([]syncer.StaffMessage, error) {
	return c.store.StaffMessagesAfter(ctx, after, size)
}

// Run deletes old messages, about every hour, until ctx ends.
func (c *Chat) Run(ctx context.Context) error {
	pruneHourly(ctx, c.log, "staff chat", c.store.PruneStaffChat)
	return nil
}
