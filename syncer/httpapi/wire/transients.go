package wire

import (
	"bytes"
	"encoding/json"
	"time"

	"playersync/syncer"
)

// NewTransient is a value to keep.
type NewTransient struct {
	Value       json.RawMessage `json:"value" example:"{\"kind\":\"mono\",\"level\":3}" doc:"Any JSON of at most 64 KiB."`
	TTL         *Duration       `json:"ttl,omitzero" maxLength:"64" example:"90s" doc:"For how long: 90s, 15m, 2h, 1d, at most 30 days; null or absent: until a restart."`
	ResetOnJoin bool            `json:"resetOnJoin,omitempty" example:"true" doc:"Whether it goes when the player joins this server; absent: false."`
}

// Transient returns the value under its key, without space.
func (t NewTransient) Transient(key string) syncer.Transient {
	var compact bytes.Buffer
	if err := json.Compact(&compact, t.Value); err != nil {
		panic("wire: a value of a body is no JSON: " + err.Error())
	}
	return syncer.Transient{
		Key:         key,
		Value:       compact.Bytes(),
		TTL:         time.Duration(value(t.TTL)),
		ResetOnJoin: t.ResetOnJoin,
	}
}

// Transient is a value that is kept until its server restarts.
type Transient struct {
	Key         string          `json:"key" example:"pet" doc:"Its name."`
	Value       json.RawMessage `json:"value" example:"{\"kind\":\"mono\",\"level\":3}" doc:"The value, as it was put."`
	ExpiresAt   syncer.Time     `json:"expiresAt" example:"2030-01-02T03:05:35.000Z" doc:"When it goes by itself; null: when the game server or this sidecar restarts."`
	ResetOnJoin bool            `json:"resetOnJoin" example:"true" doc:"Whether it goes when the player joins this server."`
}

// TransientOf returns the value as it is now by the database's clock.
func TransientOf(t syncer.Transient, now time.Time) Transient {
	out := Transient{Key: t.Key, Value: t.Value, ResetOnJoin: t.ResetOnJoin}
	if t.TTL > 0 {
		out.ExpiresAt = syncer.TimeOf(now.Add(t.TTL))
	}
	return out
}

// TransientList is all transients of a player.
type TransientList struct {
	Transients []Transient `json:"transients" doc:"All of the player on the asking server, by key."`
}

// TransientListOf returns the values as they are now by the database's clock.
func TransientListOf(values []syncer.Transient, now time.Time) TransientList {
	list := TransientList{Transients: make([]Transient, len(values))}
	for i, t := range values {
		list.Transients[i] = TransientOf(t, now)
	}
	return list
}
