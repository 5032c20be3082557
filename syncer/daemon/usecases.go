package daemon

import (
	"context"

	"playersync/syncer"
	"playersync/syncer/sidecar"
	"playersync/syncer/writequeue"
)

// useCases are what game servers and administrators can ask, by subject.
type useCases struct {
	servers     *sidecar.Servers
	queue       *writequeue.Queue
	saver       *sidecar.Saver
	edits       *sidecar.Edits
	players     *sidecar.Players
	bans        *sidecar.Bans
	banTransfer *sidecar.BanTransfer
	info        *sidecar.Info
	usids       *sidecar.USIDs
	balances    *sidecar.Balances
	presence    *sidecar.Presence
	transients  *sidecar.Transients
	chat        *sidecar.Chat
	kicks       *sidecar.Kicks
	patterns    *sidecar.Patterns
	blacklist   *sidecar.Blacklist
	modLog      *sidecar.ModLog
	counts      *sidecar.Counts
	mapRuns     *sidecar.MapRuns
	audit       *sidecar.Audit
}

// wireUseCases makes the use-cases; the copies in memory and the feed must exist.
func (d *Daemon) wireUseCases(ctx context.Context) {
	u, now, config := &d.use, clock{d}, d.config.Sidecar
	u.queue = writequeue.New(d.outbox, d.log)
	u.servers = sidecar.NewServers(config.Home, config.Others)
	u.transients = sidecar.NewTransients(sidecar.TransientLimits{Servers: u.servers.Names()})
	u.presence = sidecar.NewPresence(d.presenceConfig(), d.store, d.sessions, now, d.log)
	u.bans = sidecar.NewBans(d.store, d.bans, d.applier, now)
	u.banTransfer = sidecar.NewBanTransfer(d.store, now)
	u.saver = sidecar.NewSaver(config.FlushInterval, d.store, d.players, d.applier, d.outbox, d.log)
	u.saver.Recall(ctx)
	u.edits = sidecar.NewEdits(d.store, d.applier, now)
	u.players = sidecar.NewPlayers(config.Home, sidecar.PlayerDeps{
		Store: d.store, Held: d.players, Bans: u.bans, Edits: u.edits, Clock: now, Saver: u.saver,
		Observers: []sidecar.VisitObserver{u.presence, u.transients}, Log: d.log,
	})
	u.info = sidecar.NewInfo(d.store, u.players)
	u.usids = sidecar.NewUSIDs(d.store, d.players, d.log)
	u.balances = sidecar.NewBalances(d.store, d.players, d.applier)
	u.chat = sidecar.NewChat(d.store, d.forward(), d.log)
	u.kicks = sidecar.NewKicks(d.store)
	u.patterns = sidecar.NewPatterns(d.store)
	u.blacklist = sidecar.NewBlacklist(d.store, u.queue, d.addresses, d.applier, now)
	u.modLog = sidecar.NewModLog(d.store, u.queue, now, d.forward())
	u.counts = sidecar.NewCounts(d.store, u.queue, now)
	u.mapRuns = sidecar.NewMapRuns(d.store, u.queue, now)
	u.audit = sidecar.NewAudit(sidecar.AuditConfig{Keep: d.config.AuditKeep}, d.store, d.applier, d.log)
}

// presenceConfig says who this process speaks for, and who is notified when a game server
// starts.
func (d *Daemon) presenceConfig() sidecar.PresenceConfig {
	config := d.config.Presence
	config.Home, config.Version = d.config.Sidecar.Home, d.config.Version
	config.OnStart = func(from syncer.GameServer) {
		d.use.players.Restarted(from)
		d.use.transients.Restarted(from)
	}
	return config
}

// forward returns what takes messages for the webhook, nil if there is none.
func (d *Daemon) forward() func(string) {
	if d.webhook == nil {
		return nil
	}
	return d.webhook.Send
}
