package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"playersync/syncer"
	"playersync/syncer/fanout"
	"playersync/syncer/httpapi"
)

// mindustryPort is where game servers listen unless told otherwise.
const mindustryPort = "6567"

// complete fills in what depends on the machine and checks what depends on
// several keys.
func (c *Config) complete() []error {
	var problems []error
	if err := c.completeServer(); err != nil {
		problems = append(problems, err)
	}
	problems = append(problems, c.checkServers()...)
	if err := c.completeDataDir(); err != nil {
		problems = append(problems, err)
	}
	if c.Embedded && c.Database.URL != "" {
		problems = append(problems, errors.New(
			"embedded: database.url is set too, and a private PostgreSQL would leave it unused: set only one of them"))
	}
	if c.Database.Pooled && c.Database.ListenURL == "" && c.Sync.Mode == ModeListen && !c.Embedded {
		problems = append(problems, errors.New(
			"database.pooled: no notifications arrive through a pooler in transaction mode: set database.listen_url, "+
				"or sync.mode to poll"))
	}
	problems = append(problems, c.checkFanout()...)
	if err := c.HTTP.API().Validate(); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// checkFanout refuses a fan-out that could carry nothing.
func (c *Config) checkFanout() (problems []error) {
	if c.Sync.Fanout != FanoutNATS {
		return nil
	}
	if c.NATS.URL == "" {
		problems = append(problems, errors.New("sync.fanout: nats needs nats.url"))
	}
	if c.Sync.Mode == ModePoll {
		problems = append(problems, errors.New(
			"sync.fanout: any syncer may have to listen for all others, and sync.mode is poll: set it to listen"))
	}
	if (c.NATS.TLS.Cert == "") != (c.NATS.TLS.Key == "") {
		problems = append(problems, errors.New("nats.tls.cert and nats.tls.key: each needs the other"))
	}
	return problems
}

// Config returns the section in the terms of the package fanout.
func (n NATS) Config() fanout.Config {
	return fanout.Config{
		URL: n.URL.Reveal(), Credentials: n.Credentials, CA: n.CA, Cert: n.TLS.Cert, Key: n.TLS.Key,
	}
}

func (c *Config) completeServer() error {
	if c.Server.Name == "" || c.Server.Address == "" {
		host, err := os.Hostname()
		if err != nil || host == "" {
			return fmt.Errorf("server.name: this machine has no host name; set it: %w", err)
		}
		if c.Server.Name == "" {
			c.Server.Name = host
		}
		if c.Server.Address == "" {
			c.Server.Address = net.JoinHostPort(host, mindustryPort)
		}
	}
	return c.Server.Validate("server.")
}

// checkServers refuses servers that could be taken for each other, and tokens of none.
func (c *Config) checkServers() (problems []error) {
	names, addresses := map[string]bool{}, map[string]bool{}
	for _, server := range append([]syncer.GameServer{c.Server}, c.Others...) {
		if names[server.Name] {
			problems = append(problems, fmt.Errorf("server.others: %q is the name of two servers", server.Name))
		} else if addresses[server.Address] {
			problems = append(problems, fmt.Errorf("server.others: %s is the address of two servers", server.Address))
		}
		names[server.Name], addresses[server.Address] = true, true
	}
	for name := range c.HTTP.Tokens {
		if !names[name] { // the name is not shown, since it may be a part of a secret
			problems = append(problems, fmt.Errorf("http.tokens: one is for a server that is neither server.name nor "+
				"one of server.others (%s)", strings.Join(slices.Sorted(maps.Keys(names)), ", ")))
		}
	}
	return problems
}

func (c *Config) completeDataDir() (err error) {
	if c.Data.Dir == "" {
		if c.Data.Dir, err = defaultDataDir(); err != nil {
			return fmt.Errorf("data.dir: no default on this machine, set it: %w", err)
		}
	}
	if c.Data.Dir, err = filepath.Abs(c.Data.Dir); err != nil {
		return fmt.Errorf("data.dir: %w", err)
	}
	return nil
}

// API is the section in the terms of the package httpapi.
func (h HTTP) API() httpapi.Config {
	tokens := map[string]string{}
	for server, token := range h.Tokens {
		tokens[server] = token.Reveal()
	}
	return httpapi.Config{
		Listen:          h.Listen,
		Token:           h.Token.Reveal(),
		Tokens:          tokens,
		AllowedNetworks: h.AllowedNetworks,
		AllowedHosts:    h.AllowedHosts,
		TLSCert:         h.TLS.Cert,
		TLSKey:          h.TLS.Key,
		MaxBody:         h.MaxBody,
	}
}

// ErrNoDatabase says that a command needs a database and none was configured.
var ErrNoDatabase = errors.New("no database: set database.url (SYNCER_DATABASE_URL), or run a private PostgreSQL " +
	"with --embedded")
