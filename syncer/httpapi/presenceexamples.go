package httpapi

import (
	"time"

	"playersync/syncer"
)

func exampleStay() Session {
	since, _ := syncer.ParseTime(exampleTime)
	return Session{UUID: exampleID, Name: "[accent]Steve", Server: "survival-1", Gamemode: "survival", Since: since}
}

func exampleOnline() OnlinePage { return OnlinePage{Players: []Session{exampleStay()}} }

func exampleOnlineCounts() OnlineCounts {
	return OnlineCounts{Players: 1, Servers: []OnlineCount{{Server: "survival-1", Gamemode: "survival", Players: 1}}}
}

func examplePresence() PlayerPresence {
	at, _ := syncer.ParseTime("2030-01-01T20:15:00.000Z")
	return PlayerPresence{Online: []Session{exampleStay()}, LastSeen: []LastSeen{{Server: "pvp-1", At: at}}}
}

func exampleServers() ServerList {
	since, _ := syncer.ParseTime("2029-12-24T18:00:00.000Z")
	return ServerList{Servers: []GameServer{{
		Name: "survival-1", Gamemode: "survival", Address: "203.0.113.1:6567", Version: "1.0.0", Alive: true, Since: since, Players: 1,
	}}}
}

var examplePut = map[string]any{"value": map[string]any{"kind": "mono", "level": 3}, "ttl": "90s", "resetOnJoin": true}

func exampleTransient() Transient {
	now, _ := syncer.ParseTime(exampleTime)
	at, _ := now.Instant()
	return transientOf(syncer.Transient{
		Key: "pet", Value: []byte(`{"kind":"mono","level":3}`), TTL: 90 * time.Second, ResetOnJoin: true,
	}, at)
}

func exampleTransients() TransientList {
	return TransientList{Transients: []Transient{exampleTransient()}}
}
