package daemon

import (
	"iter"

	"playersync/syncer"
)

// ActiveBans returns the bans in memory, so that tests can compare all of them.
func (d *Daemon) ActiveBans() iter.Seq[syncer.ActiveBan] { return d.bans.All() }

// Unsaved returns the number of players with changes that are not in the database yet.
func (d *Daemon) Unsaved() int {
	_, unsaved := d.use.players.Online()
	return unsaved
}

// Chat returns the number of the last message of the staff chat in memory.
func (d *Daemon) Chat() (last int64, known bool) {
	mark, known := d.messages.Mark()
	return mark.Last, known
}

// ChatPositions reports whether polls of the staff chat count.
func (d *Daemon) ChatPositions() bool { return d.plugin.deliveries.IsReady() }
