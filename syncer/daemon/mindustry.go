package daemon

import (
	"fmt"
	"net/http"

	"playersync/syncer/mindustry/fish"
	"playersync/syncer/mindustry/fishapi"
)

// plugin is what the fish-commands plugin of Mindustry can ask beyond the use-cases of
// all games.
type plugin struct {
	players    *fish.Players
	usids      *fish.USIDs
	deliveries *fish.Deliveries
	antibot    *fish.Antibot
}

// wirePlugin makes the plugin's use-cases; those of all games must exist.
func (d *Daemon) wirePlugin() {
	p, now := &d.plugin, clock{d}
	delivery := fish.DeliveriesConfig{Sidecar: d.config.Sidecar.Home.Name, Flush: d.config.Sidecar.FlushInterval}
	p.players = fish.NewPlayers(d.use.players, d.players, d.outbox, d.log)
	p.usids = fish.NewUSIDs(d.store)
	p.deliveries = fish.NewDeliveries(delivery, d.store, d.messages, now, d.log)
	p.antibot = fish.NewAntibot(d.patterns, d.log)
}

// fish returns what serves the protocol of the fish-commands plugin. The plugin can
// send no token, so where one is asked for, only a secret prefix or the list of
// networks can stand in for it: without either it is not served.
func (d *Daemon) fish() (map[string]http.Handler, error) {
	config, api := d.config.Fish, d.config.HTTP
	guarded := api.Token == "" && len(api.Tokens) == 0 || len(api.AllowedNetworks) > 0
	if d.config.NoFish {
		return nil, nil
	}
	if !guarded && config.Prefix == "" {
		d.log.Info("not serving /api: it cannot carry http.token; set http.fish.prefix or http.allowed_networks to " +
			"serve it")
		return nil, nil
	}
	config.MaxBody = d.config.HTTP.MaxBody
	p := &d.plugin
	handler, err := fishapi.New(config, fishapi.Deps{
		Servers: d.use.servers, Players: p.players, Bans: d.use.bans, USIDs: p.usids, Chat: d.use.chat,
		Deliveries: p.deliveries, Antibot: p.antibot, Blacklist: d.use.blacklist, ModLog: d.use.modLog, Log: d.log,
	})
	if err != nil {
		return nil, fmt.Errorf("http.fish.prefix: %w", err)
	}
	return handler.Mounts(), nil
}
