package daemon

import (
	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/feed"
	"playersync/syncer/sidecar"
)

// presence is who is on which game server, and what is kept until one restarts.
type presence struct {
	sessions *cache.Sessions

	online     *sidecar.Presence
	transients *sidecar.Transients
}

// newPresence returns the copy, which nothing keeps current yet.
func newPresence() presence { return presence{sessions: cache.NewSessions()} }

// tables are the copies that the feed keeps current.
func (p *presence) tables() []feed.Table { return []feed.Table{p.sessions} }

// wirePresence connects the parts; the feed must exist.
func (d *Daemon) wirePresence() {
	p := &d.presence
	p.transients = sidecar.NewTransients(sidecar.TransientLimits{})
	config := d.config.Presence
	config.Home, config.Version = d.config.Sidecar.Home, d.config.Version
	config.OnStart = func(from syncer.GameServer) {
		d.sidecar.Restarted(from)
		p.transients.Restarted(from)
	}
	p.online = sidecar.NewPresence(config, d.store, p.sessions, clock{d}, d.log)
	d.gauge("network_players", "Different players on all game servers of the network.", func() float64 { n, _ := p.online.Counts(); return float64(n) })
	d.gauge("network_sessions", "Players on all game servers, one on two servers counted twice.", func() float64 { return float64(len(p.sessions.All())) })
	d.gauge("transients", "Transients kept for the game servers of this sidecar.", func() float64 { n, _ := p.transients.Size(); return float64(n) })
	d.gauge("transient_bytes", "What transients take in memory, keys included.", func() float64 { _, n := p.transients.Size(); return float64(n) })
}

// attendance are the parts that hear of joins and leaves.
func (p *presence) attendance() []sidecar.Attendance {
	return []sidecar.Attendance{p.online, p.transients}
}

// stages are the parts that run, in the order of shutdown.
func (p *presence) stages() []*stage {
	return []*stage{{name: "presence", run: p.online.Run}, {name: "transients", run: p.transients.Run}}
}
