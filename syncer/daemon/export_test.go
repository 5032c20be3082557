package daemon

import (
	"iter"

	"playersync/syncer"
)

// Standing returns the bans in memory, so that tests can compare all of them.
func (d *Daemon) Standing() iter.Seq[syncer.Standing] { return d.bans.All() }
