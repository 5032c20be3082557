package daemon

import (
	"cmp"
	"math"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// gauge registers a figure that is read when somebody asks for the metrics.
func (d *Daemon) gauge(name, help string, read func() float64) {
	options := prometheus.GaugeOpts{Name: "playersync_" + name, Help: help}
	d.registry.MustRegister(prometheus.NewGaugeFunc(options, read))
}

// counter is gauge for figures that only grow.
func (d *Daemon) counter(name, help string, read func() float64) {
	options := prometheus.CounterOpts{Name: "playersync_" + name, Help: help}
	d.registry.MustRegister(prometheus.NewCounterFunc(options, read))
}

func (d *Daemon) registerMetrics() {
	d.registerMemory()
	d.registerWaiting()
	d.registerPool()
	d.registerDisk()
	d.registerBuild()
	d.counter("refused_usids_total",
		"Proofs of identity that were not taken in place of a privileged player's stored one.",
		func() float64 { return float64(d.use.players.RefusedUSIDs() + d.plugin.players.RefusedUSIDs()) })
}

// registerMemory registers what this sidecar holds in memory.
func (d *Daemon) registerMemory() {
	d.gauge("cached_players", "Players in memory, those known not to exist included.",
		func() float64 { return float64(d.players.Stats().Cached) })
	d.gauge("held_players", "Players in memory because they are on a server or have unsaved changes.",
		func() float64 { return float64(d.players.Stats().Held) })
	d.counter("player_hits_total", "Reads of players answered from memory.",
		func() float64 { return float64(d.players.Stats().Hits) })
	d.counter("player_misses_total", "Reads of players that went to the database.",
		func() float64 { return float64(d.players.Stats().Misses) })
	d.counter("player_evictions_total", "Players dropped from memory to make room.",
		func() float64 { return float64(d.players.Stats().Evictions) })

	d.gauge("banned_ids", "Open bans of player ids, expired ones included.",
		func() float64 { return float64(d.bans.Len().IDs) })
	d.gauge("banned_addresses", "Open bans of single addresses, expired ones included.",
		func() float64 { return float64(d.bans.Len().Addresses) })
	d.gauge("banned_ranges", "Open bans of address ranges, expired ones included.",
		func() float64 { return float64(d.bans.Len().Ranges) })

	d.gauge("online_players", "Players on the game servers of this sidecar.",
		func() float64 { n, _ := d.use.players.Online(); return float64(n) })
	d.gauge("network_players", "Different players on all game servers of the network.",
		func() float64 { n, _ := d.use.presence.Counts(); return float64(n) })
	d.gauge("network_sessions", "Players on all game servers, one on two servers counted twice.",
		func() float64 { return float64(len(d.sessions.All())) })
	d.gauge("contested_servers", "Game servers of this sidecar for which another one speaks too.",
		func() float64 { return float64(d.use.presence.Contested()) })
	d.gauge("transients", "Transients kept for the game servers of this sidecar.",
		func() float64 { n, _ := d.use.transients.Size(); return float64(n) })
	d.gauge("transient_bytes", "What transients take in memory, keys included.",
		func() float64 { _, n := d.use.transients.Size(); return float64(n) })

	d.gauge("blacklisted_addresses", "Addresses on the connection blacklist.",
		func() float64 { all, _ := d.addresses.Addresses(); return float64(len(all)) })
}

// registerWaiting registers what waits for the database.
func (d *Daemon) registerWaiting() {
	d.gauge("unsaved_players", "Players with changes that are not in the database yet.",
		func() float64 { _, n := d.use.players.Online(); return float64(n) })
	d.gauge("outbox_batches", "Batches of saves that wait on disk for the database.",
		func() float64 { return float64(d.outbox.Len()) })
	d.gauge("outbox_refused_batches", "Batches that the database refused, kept on disk for a person to look at.",
		func() float64 { return float64(d.outbox.Refused()) })
	d.gauge("waiting_writes",
		"Small writes (blacklist, moderation log, player counts, map runs) that wait for the database.",
		func() float64 { return float64(d.use.queue.Len()) })
}

// registerPool registers how busy the connections to the database are.
func (d *Daemon) registerPool() {
	d.gauge("pool_connections", "Open connections of the pool.",
		func() float64 { return float64(d.store.PoolStats().TotalConns()) })
	d.gauge("pool_busy_connections", "Connections of the pool in use.",
		func() float64 { return float64(d.store.PoolStats().AcquiredConns()) })
	d.gauge("pool_max_connections", "Most connections the pool may open.",
		func() float64 { return float64(d.store.PoolStats().MaxConns()) })
	d.counter("pool_waits_total", "Times that a statement waited for a free connection.",
		func() float64 { return float64(d.store.PoolStats().EmptyAcquireCount()) })
}

// registerDisk registers what is free where saves wait and the last known bans are kept.
func (d *Daemon) registerDisk() {
	figure := func(choose func(free, size uint64) uint64) func() float64 {
		return func() float64 {
			free, size, err := diskSpace(cmp.Or(d.config.DataDir, d.scratch))
			if err != nil {
				return math.NaN()
			}
			return float64(choose(free, size))
		}
	}
	d.gauge("data_free_bytes", "What this user may still write to the disk of the data directory; NaN if not known.",
		figure(func(free, _ uint64) uint64 { return free }))
	d.gauge("data_size_bytes", "Size of the disk of the data directory; NaN if not known.",
		figure(func(_, size uint64) uint64 { return size }))
}

// registerBuild registers which program this is, so that a change of behaviour can be laid beside an upgrade.
func (d *Daemon) registerBuild() {
	d.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "playersync_build_info",
		Help: "Always 1; the labels say what this program was built from.",
		ConstLabels: prometheus.Labels{
			"version": d.config.Version, "revision": d.config.Revision, "goversion": runtime.Version(),
		},
	}, func() float64 { return 1 }))
}
