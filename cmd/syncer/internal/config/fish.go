package config

import (
	"fmt"
	"strconv"
	"strings"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishapi"
	"playersync/syncer/webhook"
)

// parsePrefix reads the path in front of /api.
func parsePrefix(text string) (Secret, error) {
	return Secret(text), fishapi.CheckPrefix(text)
}

// parseWebhook reads the URL of a webhook.
func parseWebhook(text string) (Secret, error) {
	if text == "" {
		return "", nil
	}
	return Secret(text), webhook.Check(text)
}

// parseServers reads a list of port=address.
func parseServers(text string) (map[int]string, error) {
	servers := map[int]string{}
	for item := range listed(text) {
		digits, address, found := strings.Cut(item, "=")
		port, err := strconv.ParseUint(digits, 10, 16)
		if !found || err != nil || port == 0 {
			return nil, fmt.Errorf("%q is not port=address, for example 6567=198.51.100.7:6567", item)
		}
		if !syncer.IsServerAddress(address) || len(address) > syncer.MaxIdentifierLength {
			return nil, fmt.Errorf("%q is not an address with its port, for example 198.51.100.7:6567", address)
		}
		if _, twice := servers[int(port)]; twice {
			return nil, fmt.Errorf("port %d is given twice", port)
		}
		servers[int(port)] = address
	}
	return servers, nil
}

// API returns the protocol's part in the terms of package fishapi.
func (f Fish) API() fishapi.Config {
	return fishapi.Config{Prefix: f.Prefix.Reveal(), Servers: f.Servers}
}
