package config

import (
	"errors"
	"fmt"
	"strings"

	"playersync/syncer"
)

// parseOthers reads a list of name=gamemode@address.
func parseOthers(text string) ([]syncer.GameServer, error) {
	var servers []syncer.GameServer
	for item := range listed(text) {
		name, rest, named := strings.Cut(item, "=")
		at := strings.LastIndexByte(rest, '@')
		if !named || at < 0 {
			return nil, fmt.Errorf("%q is not name=gamemode@address:port, for example "+
				"survival-2=survival@198.51.100.7:6568", item)
		}
		server := syncer.GameServer{Name: name, Gamemode: rest[:at], Address: rest[at+1:]}
		if _, err := parseServerAddress(server.Address); err != nil {
			return nil, err
		}
		if err := server.Validate(""); err != nil {
			return nil, fmt.Errorf("of %q %w", item, err)
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// parseTokens reads a list of name=token.
func parseTokens(text string) (map[string]Secret, error) {
	tokens := map[string]Secret{}
	for item := range listed(text) {
		name, token, _ := strings.Cut(item, "=")
		secret, err := parseToken(token)
		if err != nil || token == "" {
			return nil, errors.New("takes a list of name=token, where a token consists of printable ASCII characters " +
				"without spaces")
		}
		if _, twice := tokens[name]; twice {
			return nil, fmt.Errorf("%q has two tokens", name)
		}
		tokens[name] = secret
	}
	return tokens, nil
}
