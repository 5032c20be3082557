package store

import (
	"context"

	"playersync/db"
	"playersync/syncer"
)

// SendStaffMessage stores a message and returns it with its number and time. If the
// same was sent a moment ago, it returns that one, and false. Every sidecar, this
// one included, is notified of it by the feed.
func (s *Store) SendStaffMessage(ctx context.Context, m syncer.StaffMessage) (syncer.StaffMessage, bool, error) {
	row, err := s.queries.SendStaffMessage(ctx, db.SendStaffMessageParams{
		Server: m.Server, Name: m.Name, Player: m.Player, IsStaff: m.IsStaff, Text: m.Text, Echo: m.Echo,
	})
	if err != nil {
		return m, false, writeError("send staff message", err)
	}
	m.Number, m.SentAt = row.ID, timeOf(row.SentAt)
	return m, row.Created, nil
}

// StaffMessagesAfter returns up to size messages behind a number, oldest first; for
// 0 the last ones.
func (s *Store) StaffMessagesAfter(ctx context.Context, after int64, size int) ([]syncer.StaffMessage, error) {
	if after > 0 {
		rows, err := s.queries.StaffMessagesAfter(ctx, db.StaffMessagesAfterParams{After: after, PageSize: int32(size)})
		return messagesOf(rows), readError("read staff messages", err)
	}
	rows, err := s.queries.LastStaffMessages(ctx, int32(size))
	return messagesOf(rows), readError("read staff messages", err)
}

// StaffDeliveries returns, by gamemode, the number of the message up to which the
// game servers of a sidecar have been given the staff chat.
func (s *Store) StaffDeliveries(ctx context.Context, sidecar string) (map[string]int64, error) {
	rows, err := s.queries.StaffDeliveries(ctx, sidecar)
	if err != nil {
		return nil, readError("read staff deliveries", err)
	}
	delivered := make(map[string]int64, len(rows))
	for _, row := range rows {
		delivered[row.Gamemode] = row.Delivered
	}
	return delivered, nil
}

// SaveStaffDeliveries stores some of what [Store.StaffDeliveries] returns.
func (s *Store) SaveStaffDeliveries(ctx context.Context, sidecar string, delivered map[string]int64) error {
	params := db.SaveStaffDeliveriesParams{Sidecar: sidecar}
	for gamemode, number := range delivered {
		params.Gamemodes, params.Delivered = append(params.Gamemodes, gamemode), append(params.Delivered, number)
	}
	return writeError("save staff deliveries", s.queries.SaveStaffDeliveries(ctx, params))
}

// PruneStaffChat deletes what is older than 30 days, and requests to kick somebody that do
// not count any more.
func (s *Store) PruneStaffChat(ctx context.Context) error {
	for pruned := int64(prunedAtOnce); pruned == prunedAtOnce; {
		var err error
		if pruned, err = s.queries.PruneStaffMessages(ctx, prunedAtOnce); err != nil {
			return writeError("prune staff messages", err)
		}
	}
	if err := s.queries.PruneKicks(ctx); err != nil {
		return writeError("prune kicks", err)
	}
	return writeError("prune staff deliveries", s.queries.PruneStaffDeliveries(ctx))
}

func messageOf(row db.StaffMessage) syncer.StaffMessage {
	return syncer.StaffMessage{
		Number: row.ID, SentAt: timeOf(row.SentAt), Server: row.Server, Name: row.Name, Player: row.Player,
		IsStaff: row.IsStaff, Text: row.Text, Echo: row.Echo,
	}
}

func messagesOf(rows []db.StaffMessage) []syncer.StaffMessage {
	messages := make([]syncer.StaffMessage, len(rows))
	for i, row := range rows {
		messages[i] = messageOf(row)
	}
	return messages
}
