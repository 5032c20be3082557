package config

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"playersync/syncer"
)

// setting is one key. Its default and its values have a text form, which is the
// same in the environment and as a flag.
type setting struct {
	name     string // in the file: section.name
	fallback string
	kind     kind
	usage    string // for people, without a final stop
	set      func(*Config, string) error
}

// kind says what the file may hold for a key, and stands for a value in help
// texts.
type kind string

const (
	kindText     kind = "text"
	kindNumber   kind = "number"
	kindBool     kind = "bool"
	kindDuration kind = "duration"
	kindSize     kind = "size"
	kindList     kind = "list"
)

// env is the variable that sets the key.
func (k setting) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

const envPrefix = "SYNCER_"

// settings are all keys, in the order of config.example.yaml.
var settings = []setting{
	{
		"embedded", "false", kindBool, "run a private PostgreSQL in the data directory instead of using database.url",
		into(func(c *Config) *bool { return &c.Embedded }, parseBool),
	},
	{
		"postgres.bin", "", kindText,
		"directory with the programs of PostgreSQL for the private server; empty: look for them",
		into(func(c *Config) *string { return &c.Postgres.Bin }, parseText),
	},
	{
		"database.url", "", kindText, "connection URL of the database",
		into(func(c *Config) *Secret { return &c.Database.URL }, parseDatabaseURL),
	},
	{
		"database.listen_url", "", kindText,
		"direct connection URL for LISTEN where database.url leads through a pooler",
		into(func(c *Config) *Secret { return &c.Database.ListenURL }, parseDatabaseURL),
	},
	{
		"database.pooled", "false", kindBool,
		"database.url leads through a pooler in transaction mode: prepare no statements",
		into(func(c *Config) *bool { return &c.Database.Pooled }, parseBool),
	},
	{
		"database.max_connections", "8", kindNumber, "most connections of this process, besides the one that listens",
		into(func(c *Config) *int { return &c.Database.MaxConnections }, parseNumber(1, 1000)),
	},
	{
		"database.migrate", "true", kindBool,
		"bring the schema up to date at start; else an old schema is a reason not to start",
		into(func(c *Config) *bool { return &c.Database.Migrate }, parseBool),
	},
	{
		"server.name", "", kindText, "name of the game server, unique in the network; empty: the host name",
		into(func(c *Config) *string { return &c.Server.Name }, parseText),
	},
	{
		"server.gamemode", "default", kindText, "gamemode whose counters and join times the game server sees",
		into(func(c *Config) *string { return &c.Server.Gamemode }, parseText),
	},
	{
		"server.address", "", kindText, "address:port that players connect to; empty: the host name and port 6567",
		into(func(c *Config) *string { return &c.Server.Address }, parseServerAddress),
	},
	{
		"server.others", "", kindList,
		"further game servers that this syncer serves, as name=gamemode@address:port; requests need only their names",
		into(func(c *Config) *[]syncer.GameServer { return &c.Others }, parseOthers),
	},
	{
		"http.listen", "127.0.0.1:5082", kindText,
		"host:port of the API; beyond loopback it needs a token or allowed networks",
		into(func(c *Config) *string { return &c.HTTP.Listen }, parseListen),
	},
	{
		"http.token", "", kindText, "secret that requests must carry, which speaks for every server; empty: none",
		into(func(c *Config) *Secret { return &c.HTTP.Token }, parseToken),
	},
	{
		"http.tokens", "", kindList, "secrets that each speak for one server only, as name=token",
		into(func(c *Config) *map[string]Secret { return &c.HTTP.Tokens }, parseTokens),
	},
	{
		"http.allowed_networks", "", kindList, "networks that requests may come from; empty: any",
		into(func(c *Config) *[]netip.Prefix { return &c.HTTP.AllowedNetworks }, parseNetworks),
	},
	{
		"http.allowed_hosts", "", kindList,
		"names that requests may call this server by, besides localhost, the name in http.listen and IP addresses",
		into(func(c *Config) *[]string { return &c.HTTP.AllowedHosts }, parseNames),
	},
	{
		"http.tls.cert", "", kindText, "file with the certificate, PEM; empty: clear text",
		into(func(c *Config) *string { return &c.HTTP.TLS.Cert }, parseText),
	},
	{
		"http.tls.key", "", kindText, "file with the key of the certificate, PEM; others must not be able to read it",
		into(func(c *Config) *string { return &c.HTTP.TLS.Key }, parseText),
	},
	{
		"http.max_body", "1MiB", kindSize, "largest request body",
		into(func(c *Config) *int64 { return &c.HTTP.MaxBody }, parseSize(1<<10, 64<<20)),
	},
	{
		"http.console.enabled", "true", kindBool, "serve the web pages at /console/",
		into(func(c *Config) *bool { return &c.HTTP.Console.Enabled }, parseBool),
	},
	{
		"http.console.prefix", "", kindText,
		"path that a reverse proxy takes off before it passes requests on, such as /syncer; empty: none",
		into(func(c *Config) *string { return &c.HTTP.Console.Prefix }, parseConsolePrefix),
	},
	{
		"http.fish.enabled", "true", kindBool, "serve the protocol of the fish-commands plugin at /api",
		into(func(c *Config) *bool { return &c.HTTP.Fish.Enabled }, parseBool),
	},
	{
		"http.fish.prefix", "", kindText, "secret path in front of /api, such as /s3cret; empty: none",
		into(func(c *Config) *Secret { return &c.HTTP.Fish.Prefix }, parsePrefix),
	},
	{
		"http.fish.servers", "", kindList,
		"port=address of game servers whose requests do not come from their own address",
		into(func(c *Config) *map[int]string { return &c.HTTP.Fish.Servers }, parseServers),
	},
	{
		"fish.webhook_url", "", kindText,
		"Discord-style webhook for the staff chat and the moderation log; empty: none",
		into(func(c *Config) *Secret { return &c.Fish.WebhookURL }, parseWebhook),
	},
	{
		"sync.mode", ModeListen, kindText,
		"listen: be notified of changes; poll: ask for them, where a pooler allows no LISTEN",
		into(func(c *Config) *string { return &c.Sync.Mode }, parseOneOf(ModeListen, ModePoll)),
	},
	{
		"sync.fanout", FanoutListen, kindText,
		"listen: each syncer is notified by the database; nats: two are and pass it on over NATS",
		into(func(c *Config) *string { return &c.Sync.Fanout }, parseOneOf(FanoutListen, FanoutNATS)),
	},
	{
		"sync.flush_interval", "5s", kindDuration, "longest time until an unimportant change is in the database",
		into(func(c *Config) *time.Duration { return &c.Sync.FlushInterval },
			parseDuration(100*time.Millisecond, time.Hour)),
	},
	{
		"sync.heartbeat", "5s", kindDuration,
		"longest time between two looks at the change table, notifications or not",
		into(func(c *Config) *time.Duration { return &c.Sync.Heartbeat },
			parseDuration(100*time.Millisecond, time.Minute)),
	},
	{
		"sync.poll_interval", "250ms", kindDuration,
		"time between two looks in mode poll, or while NATS brings nothing",
		into(func(c *Config) *time.Duration { return &c.Sync.PollInterval },
			parseDuration(10*time.Millisecond, time.Minute)),
	},
	{
		"nats.url", "", kindList, "nats:// or tls:// URLs of the servers, with user and password or a token",
		into(func(c *Config) *Secret { return &c.NATS.URL }, parseNATS),
	},
	{
		"nats.credentials", "", kindText, "credentials file of a user; empty: none",
		into(func(c *Config) *string { return &c.NATS.Credentials }, parseText),
	},
	{
		"nats.tls.ca", "", kindText,
		"file with the authorities that the servers' certificates are checked against, PEM; empty: the system's",
		into(func(c *Config) *string { return &c.NATS.CA }, parseText),
	},
	{
		"nats.tls.cert", "", kindText, "file with the certificate that servers ask for, PEM; empty: none",
		into(func(c *Config) *string { return &c.NATS.TLS.Cert }, parseText),
	},
	{
		"nats.tls.key", "", kindText, "file with the key of the certificate, PEM",
		into(func(c *Config) *string { return &c.NATS.TLS.Key }, parseText),
	},
	{
		"presence.lease", "15s", kindDuration,
		"how long players stay shown on a game server whose syncer gives no sign",
		into(func(c *Config) *time.Duration { return &c.Presence.Lease }, parseDuration(time.Second, time.Hour)),
	},
	{
		"cache.players", "10000", kindNumber, "players kept in memory besides those that are on the server",
		into(func(c *Config) *int { return &c.Cache.Players }, parseNumber(0, 100_000_000)),
	},
	{
		"audit.retention", "8760h", kindDuration,
		"how long changes of important fields and bans are kept, 24h or more; 0: for ever",
		into(func(c *Config) *time.Duration { return &c.Audit.Retention }, parseRetention),
	},
	{
		"data.dir", "", kindText,
		"directory for what must survive a restart; empty: /var/lib/playersync, or the user's own",
		into(func(c *Config) *string { return &c.Data.Dir }, parseText),
	},
	{
		"log.level", "info", kindText, "debug, info, warn or error",
		into(func(c *Config) *slog.Level { return &c.Log.Level }, parseLevel),
	},
	{
		"log.format", FormatText, kindText, "text or json",
		into(func(c *Config) *string { return &c.Log.Format }, parseOneOf(FormatText, FormatJSON)),
	},
}
