package daemon

import (
	"fmt"
	"maps"
	"net/http"

	"playersync/syncer/console"
)

// wireConsole makes the web pages, unless they are not wanted, and adds them to what is
// served.
func (d *Daemon) wireConsole(mounts map[string]http.Handler) (map[string]http.Handler, error) {
	if d.config.NoConsole {
		return mounts, nil
	}
	var err error
	d.console, err = console.New(d.config.Console, console.Deps{
		SignIn: d.store, Presence: d.use.presence, Players: d.use.players, Edits: d.use.edits, Visits: d.use.info,
		Balances: d.use.balances, Kicks: d.use.kicks, Bans: d.use.bans, BanTransfer: d.use.banTransfer,
		Audit: d.use.audit, Counts: d.use.counts,
		Chat: d.use.chat, ModLog: d.use.modLog, Patterns: d.use.patterns, Blacklist: d.use.blacklist,
		USIDs: d.use.usids, MapRuns: d.use.mapRuns,
		Events: d.events, Health: d.health,
		Now: d.feed.Now, Log: d.log, Version: d.config.Version,
	})
	if err != nil {
		return nil, fmt.Errorf("http.console.prefix: %w", err)
	}
	all := d.console.Mounts()
	maps.Copy(all, mounts)
	return all, nil
}

// health is how this sidecar does.
func (d *Daemon) health() console.Health {
	status, figures := d.feed.Status(), d.feed.Figures()
	_, unsaved := d.use.players.Online()
	return console.Health{
		Following: status.Following, Reason: status.Reason, Current: status.Current, Started: d.started,
		FoundByPoll: figures.FoundByPoll, P50: figures.P50, P99: figures.P99,
		Outbox: d.outbox.Len(), Waiting: d.use.queue.Len(), Unsaved: unsaved,
	}
}

// ConsoleLink returns a URL that signs the owner of the machine in to the console, once; ""
// if there is no console, or no owner configured.
func (d *Daemon) ConsoleLink() string {
	if d.console == nil {
		return ""
	}
	link := d.console.Link()
	if link == "" {
		return ""
	}
	return d.URL() + link
}
