package daemon

import "playersync/syncer/sidecar"

// wireMapRuns makes the use-cases of map runs; moderation must be wired.
func (d *Daemon) wireMapRuns() {
	d.mapRuns = sidecar.NewMapRuns(d.store, d.moderation.queue, clock{d})
}
