package config

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"playersync/syncer/webhook"
)

// Warning is of a setting that works and is not safe.
type Warning struct {
	Key    string // of the file
	Detail string // what is not safe, without the secret
	Advice string // what to do
}

// Warnings returns what is not safe, for the log and for whoever checks.
func (c *Config) Warnings() (warnings []Warning) {
	guess := func(key string, secret Secret, whose string) {
		if why := weakness(secret.Reveal()); secret != "" && why != "" {
			warnings = append(warnings, Warning{
				key, whose + " can be guessed: it " + why, "take one from a generator, such as openssl rand -hex 16",
			})
		}
	}
	guess("http.token", c.HTTP.Token, "the token")
	for _, name := range slices.Sorted(maps.Keys(c.HTTP.Tokens)) {
		guess("http.tokens", c.HTTP.Tokens[name], fmt.Sprintf("that of %q", name))
	}
	if c.HTTP.Fish.Enabled {
		guess("http.fish.prefix", c.HTTP.Fish.Prefix, "the path")
	}
	if c.HTTP.API().TravelsInClear() {
		warnings = append(warnings, Warning{
			"http.listen", "what is asked and answered beyond this machine travels in clear text, tokens too",
			"set http.tls.cert and http.tls.key, or let a proxy on this machine speak TLS",
		})
	}
	if webhook.TravelsInClear(c.Fish.WebhookURL.Reveal()) {
		warnings = append(warnings, Warning{
			"fish.webhook_url", "what the staff writes travels in clear text, and the secret in the URL too",
			"let it begin with https://",
		})
	}
	if c.Sync.Fanout == FanoutNATS && c.NATS.Config().TravelsInClear() {
		warnings = append(warnings, Warning{
			"nats.url", "what changes travels beyond this machine in clear text, and the login too",
			"let each URL begin with tls://",
		})
	}
	for _, network := range c.HTTP.AllowedNetworks {
		if isWide(network) {
			warnings = append(warnings, Warning{
				"http.allowed_networks", network.String() + " lets a large part of the Internet ask",
				"name the networks of the game servers",
			})
		}
	}
	return warnings
}

// What a secret has at least that nobody guesses.
const (
	safeLength   = 16
	safeAlphabet = 8
)

// weakness says why a secret can be guessed, "" if it cannot.
func weakness(secret string) string {
	secret = strings.TrimPrefix(secret, "/")
	different := map[rune]bool{}
	for _, r := range secret {
		different[r] = true
	}
	switch length := len(secret); {
	case length < safeLength:
		return fmt.Sprintf("has %d characters, fewer than %d", length, safeLength)
	case len(different) < safeAlphabet:
		return fmt.Sprintf("consists of %d different characters, fewer than %d", len(different), safeAlphabet)
	case surprises(secret) < safeAlphabet:
		return "is a sequence, or repeats itself"
	default:
		return ""
	}
}

// rows are what a sequence follows: the alphabet, the digits, and keyboards.
const rows = "abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm"

// surprises counts the characters of a secret that do not follow from those before: the same
// one again, the neighbour in a row, or the one that followed before.
func surprises(secret string) (count int) {
	secret = strings.ToLower(secret)
	for i := range secret {
		if i == 0 {
			count++
			continue
		}
		pair := secret[i-1 : i+1]
		follows := pair[0] == pair[1] || strings.Contains(rows, pair) || strings.Contains(rows, pair[1:]+pair[:1])
		if !follows && !strings.Contains(secret[:i], pair) {
			count++
		}
	}
	return count
}

// isWide reports whether a network is wider than those that one organisation has.
func isWide(network netip.Prefix) bool {
	if network.Addr().Is4() {
		return network.Bits() < 8
	}
	return network.Bits() < 32 && (!network.Addr().IsPrivate() || network.Bits() < 7)
}
