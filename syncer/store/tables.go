package store

import (
	"context"
	"fmt"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// HeldMessages is how many messages of the staff chat [FeedConn.ReadTable] returns
// at most; none of them is older than a day.
const HeldMessages = 1000

// HeldModEntries is how many entries of the moderation log [FeedConn.ReadTable] returns at
// most.
const HeldModEntries = 200

// ReadTable returns what is held in memory of a small table, and the snapshot it
// was read at.
func (c *FeedConn) ReadTable(ctx context.Context, entity syncer.Entity) (changefeed.Snapshot, []changefeed.Row, error) {
	var snapshot string
	var rows []changefeed.Row
	err := c.oneSnapshot(ctx, entity, func(queries *db.Queries) (err error) {
		if snapshot, err = queries.Snapshot(ctx); err != nil {
			return err
		}
		rows, err = readTable(ctx, queries, entity)
		return err
	})
	if err != nil {
		return changefeed.Snapshot{}, nil, readError("read "+string(entity), err)
	}
	seen, err := changefeed.ParseSnapshot(snapshot)
	return seen, rows, err
}

func readTable(ctx context.Context, queries *db.Queries, entity syncer.Entity) ([]changefeed.Row, error) {
	switch entity {
	case syncer.EntityStaffMessage:
		messages, err := queries.NewestStaffMessages(ctx, HeldMessages)
		return rowsOf(messages, func(m db.StaffMessage) changefeed.Row { return new(messageOf(m)) }), err
	case syncer.EntityAntibotPattern:
		patterns, err := queries.AntibotPatterns(ctx)
		return rowsOf(patterns, func(p db.AntibotPattern) changefeed.Row { return new(patternOf(p)) }), err
	case syncer.EntityBlacklist:
		addresses, err := queries.BlacklistedAddresses(ctx)
		return rowsOf(addresses, func(a db.BlacklistedAddressesRow) changefeed.Row {
			return &mindustry.BlacklistRow{Address: a.Address, Listed: true, Revision: a.Revision}
		}), err
	case syncer.EntitySession:
		sessions, err := queries.Sessions(ctx)
		return rowsOf(sessions, func(s db.SessionsRow) changefeed.Row {
			return &changefeed.SessionRow{Session: sessionOf(db.OnlineRow{
				Server: s.Server, Uuid: s.Uuid, Name: s.Name, Gamemode: s.Gamemode, Since: s.Since,
			}), Online: true, Revision: s.Revision}
		}), err
	case syncer.EntityModLog:
		entries, err := queries.NewestModLog(ctx, HeldModEntries)
		return rowsOf(entries, func(e db.NewestModLogRow) changefeed.Row { return new(modEntryOf(e)) }), err
	case syncer.EntityKick:
		kicks, err := queries.Kicks(ctx)
		return rowsOf(kicks, func(k db.Kick) changefeed.Row { return new(kickOf(k)) }), err
	}
	return nil, fmt.Errorf("the table %s is not held whole", entity)
}

func rowsOf[R any](rows []R, rowOf func(R) changefeed.Row) []changefeed.Row {
	out := make([]changefeed.Row, len(rows))
	for i, row := range rows {
		out[i] = rowOf(row)
	}
	return out
}
