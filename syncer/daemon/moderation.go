package daemon

import (
	"playersync/syncer/cache"
	"playersync/syncer/feed"
	"playersync/syncer/sidecar"
	"playersync/syncer/store"
	"playersync/syncer/webhook"
	"playersync/syncer/writequeue"
)

// moderation is what moderators of all servers share beside players and bans.
type moderation struct {
	messages  *cache.Messages
	patterns  *cache.Patterns
	addresses *cache.Blacklist

	queue     *writequeue.Queue
	chat      *sidecar.Chat
	antibot   *sidecar.Antibot
	blacklist *sidecar.Blacklist
	log       *sidecar.ModLog
	webhook   *webhook.Webhook // nil: none
}

// newModeration returns the copies, which nothing keeps current yet.
func newModeration() moderation {
	return moderation{
		messages: cache.NewMessages(store.HeldMessages), patterns: cache.NewPatterns(), addresses: cache.NewBlacklist(),
	}
}

// tables are the copies that the feed keeps current.
func (m *moderation) tables() []feed.Table {
	return []feed.Table{m.messages, m.patterns, m.addresses}
}

// wireModeration connects the parts; the feed must exist.
func (d *Daemon) wireModeration() {
	m := &d.moderation
	var forward func(string)
	if d.config.Webhook.URL != "" {
		m.webhook = webhook.New(d.config.Webhook, d.registry, d.log)
		forward = m.webhook.Send
	}
	m.queue = writequeue.New(d.outbox, d.log)
	m.chat = sidecar.NewChat(sidecar.ChatConfig{
		Sidecar: d.config.Sidecar.Home.Name, Flush: d.config.Sidecar.FlushInterval, Forward: forward,
	}, d.store, m.messages, clock{d}, d.log)
	m.antibot = sidecar.NewAntibot(m.patterns, d.log)
	m.blacklist = sidecar.NewBlacklist(d.store, m.queue, m.addresses, d.applier, clock{d})
	d.counts = sidecar.NewCounts(d.store, m.queue, clock{d})
	m.log = sidecar.NewModLog(d.store, m.queue, clock{d}, forward)
	d.gauge("waiting_writes", "Small writes (blacklist, moderation log, player counts, map runs) that wait for the database.", func() float64 { return float64(m.queue.Len()) })
	d.gauge("blacklisted_addresses", "Addresses on the connection blacklist.", func() float64 { all, _ := m.addresses.Addresses(); return float64(len(all)) })
}

// stages are the parts that run, in the order of shutdown.
func (m *moderation) stages() []*stage {
	stages := []*stage{{name: "staff chat", run: m.chat.Run}, {name: "write queue", run: m.queue.Run}}
	if m.webhook != nil {
		stages = append(stages, &stage{name: "webhook", run: m.webhook.Run})
	}
	return stages
}
