// Package config reads the configuration of syncer. A value comes, from low to
// high precedence, from its default, the file, the environment or a flag. Every
// key of the file has an environment variable: http.listen is
// SYNCER_HTTP_LISTEN; lists are comma separated there.
//
// Nothing is ignored: a key that does not exist is refused with the nearest one
// that does, and a bad value with the name of its key and where it came from.
// Secrets have the type [Secret], which prints as "[secret]".
package config

import (
	"log/slog"
	"net/netip"
	"time"

	"playersync/syncer"
)

// Modes of following the database.
const (
	ModeListen = "listen" // by notifications, with a poll as heartbeat
	ModePoll   = "poll"   // by polls alone
)

// Ways of notifications from the database to sidecars.
const (
	FanoutListen = "listen" // each sidecar listens
	FanoutNATS   = "nats"   // two listen and pass on over NATS
)

// Formats of the log.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// Config is a complete configuration: every field has a value that was checked.
type Config struct {
	// File is where it was read from, "" if there was none.
	File string
	// InForce is every key as it counts, in the order of config.example.yaml.
	InForce []InForce

	Embedded bool
	Database Database
	Postgres Postgres
	Server   syncer.GameServer
	Others   []syncer.GameServer // further ones that are known by their names
	HTTP     HTTP
	Fish     Moderation
	Sync     Sync
	NATS     NATS
	Presence Presence
	Cache    Cache
	Audit    Audit
	Data     Data
	Log      Log
}

// Database says which database to use and how.
type Database struct {
	URL            Secret // "" only when a private server is to run
	ListenURL      Secret // "" means URL
	Pooled         bool
	MaxConnections int
	Migrate        bool
}

// Postgres is about the private server.
type Postgres struct {
	Bin string // directory of its programs, "" means to look for them
}

// HTTP is about the API.
type HTTP struct {
	Listen          string            // host:port
	Token           Secret            // "" for none
	Tokens          map[string]Secret // by the name of the only server that each speaks for
	AllowedNetworks []netip.Prefix
	AllowedHosts    []string // without port, besides those that are always allowed
	TLS             TLS
	MaxBody         int64 // bytes
	Console         Console
	Fish            Fish
}

// Console is about the web pages.
type Console struct {
	Enabled bool
	Prefix  string // that a reverse proxy takes off, "" for none
}

// TLS names files in PEM form, "" for clear text.
type TLS struct{ Cert, Key string }

// Fish is about the protocol of the fish-commands plugin.
type Fish struct {
	Enabled bool
	Prefix  Secret         // in front of /api, "" for none
	Servers map[int]string // addresses of game servers by port
}

// Moderation is what servers of the plugin share beside players and bans.
type Moderation struct {
	WebhookURL Secret // "" for none
}

// Sync is about how changes travel.
type Sync struct {
	Mode          string // ModeListen or ModePoll
	Fanout        string // FanoutListen or FanoutNATS
	FlushInterval time.Duration
	Heartbeat     time.Duration
	PollInterval  time.Duration
}

// NATS says which NATS carries notifications where Sync.Fanout is FanoutNATS.
type NATS struct {
	URL         Secret // of one server or several, by commas
	Credentials string // file with a user's JWT and its key, "" for none
	CA          string // file with the authorities of servers' certificates, "" for the system's
	TLS         TLS    // this client's certificate
}

// Presence is about who is on which game server.
type Presence struct {
	Lease time.Duration // how long a server lives that gives no sign
}

// Cache bounds what is kept in memory.
type Cache struct {
	Players int // beyond those that are on the server
}

// Audit is about the record of who changed what.
type Audit struct {
	Retention time.Duration // 0: for ever
}

// Data is about what is kept on disk.
type Data struct {
	Dir string
}

// Log is about what the program says of itself.
type Log struct {
	Level  slog.Level
	Format string // FormatText or FormatJSON
}
