package store

import (
	"context"
	"errors"
	"time"

	"playersync/db"
	"playersync/syncer/changefeed"
)

// forwarderLocks is the class of the advisory locks that forwarders hold, one for each place.
// Every login may take them: that nobody forwards then shows by its silence.
const forwarderLocks = 0x706c6179

// ErrTaken says that somebody else holds the place of a forwarder.
var ErrTaken = errors.New("the place of a forwarder is taken")

// ForwardConn is a direct connection that listens for others, and holds a place that only
// one has at a time. One goroutine uses it.
type ForwardConn struct{ listener *FeedConn }

// FreeForwarderSlots returns those of the places that nobody holds at this moment.
func (s *Store) FreeForwarderSlots(ctx context.Context, slots []int) ([]int, error) {
	params := db.FreeForwarderSlotsParams{Class: forwarderLocks}
	for _, slot := range slots {
		params.Slots = append(params.Slots, int32(slot))
	}
	rows, err := s.queries.FreeForwarderSlots(ctx, params)
	free := make([]int, len(rows))
	for i, slot := range rows {
		free[i] = int(slot)
	}
	return free, readError("look for forwarders", err)
}

// OpenForward connects, takes the place until the connection ends, and listens. It fails with
// [ErrTaken] if somebody holds it.
func (s *Store) OpenForward(ctx context.Context, slot int) (*ForwardConn, error) {
	conn, err := s.OpenFeed(ctx)
	if err != nil {
		return nil, err
	}
	params := db.TakeForwarderSlotParams{Class: forwarderLocks, Slot: int32(slot)}
	taken, err := conn.queries.TakeForwarderSlot(ctx, params)
	switch {
	case err != nil:
		err = readError("take the place of a forwarder", err)
	case !taken:
		err = ErrTaken
	default:
		err = conn.Listen(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &ForwardConn{conn}, nil
}

// Wait returns the next notification as it was sent, or ctx's error once it ends; the
// connection stays usable then. One that is not signed with the key comes as
// [changefeed.ErrForged].
func (c *ForwardConn) Wait(ctx context.Context) (payload string, err error) {
	payload, _, err = c.listener.next(ctx)
	return payload, err
}

// Check says to which database the connection leads, and the time there. It fails if the
// connection brings no notifications, or not those of a primary.
func (c *ForwardConn) Check(ctx context.Context) (changefeed.Epoch, time.Time, error) {
	row, err := c.listener.queries.Poll(ctx, db.PollParams{Cursor: "1:1:", Most: 0})
	switch {
	case err != nil:
		return "", time.Time{}, readError("poll", err)
	case row.InRecovery:
		return "", time.Time{}, changefeed.ErrStandby
	case !row.Listening:
		return "", time.Time{}, errors.New("the connection does not listen: a pooler is in the way")
	}
	return changefeed.Epoch(row.Epoch), row.Now.Time, nil
}

// Close ends the connection, and so gives the place back.
func (c *ForwardConn) Close() { c.listener.Close() }
