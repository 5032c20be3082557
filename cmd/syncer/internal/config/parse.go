package config

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer"
	"playersync/syncer/console"
	"playersync/syncer/fanout"
)

// A parser checks the text form of a value. Its error must not quote a secret.
type parser[T any] func(text string) (T, error)

// into makes a parser store what it read.
func into[T any](field func(*Config) *T, parse parser[T]) func(*Config, string) error {
	return func(c *Config, text string) error {
		value, err := parse(text)
		if err != nil {
			return err
		}
		*field(c) = value
		return nil
	}
}

func parseText(text string) (string, error) { return text, nil }

func parseBool(text string) (bool, error) {
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
	return value, nil
}

func parseNumber(least, most int) parser[int] {
	return func(text string) (int, error) {
		value, err := strconv.Atoi(text)
		if err != nil {
			return 0, fmt.Errorf("%q is not a whole number", text)
		}
		if value < least || value > most {
			return 0, fmt.Errorf("%d is not between %d and %d", value, least, most)
		}
		return value, nil
	}
}

// ParseDuration reads a duration as Go writes it (250ms, 1m30s) or as everywhere else here
// (7d, 1y). The error goes on from the text.
func ParseDuration(text string) (time.Duration, error) {
	if value, err := time.ParseDuration(text); err == nil {
		return value, nil
	}
	value, err := syncer.ParseDuration(text)
	if err != nil && !syncer.LooksLikeDuration(text) {
		err = errors.New("is not a duration such as 250ms, 5s, 1m, 7d or 1y")
	}
	return value, err
}

func parseDuration(least, most time.Duration) parser[time.Duration] {
	return func(text string) (time.Duration, error) {
		value, err := ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("%q %w", text, err)
		}
		if value < least || value > most {
			return 0, fmt.Errorf("%v is not between %v and %v", value, least, most)
		}
		return value, nil
	}
}

// parseRetention reads how long something is kept: 0 for ever, else a day or more.
func parseRetention(text string) (time.Duration, error) {
	if text == "0" {
		return 0, nil
	}
	return parseDuration(24*time.Hour, 100*365*24*time.Hour)(text)
}

// sizeUnits are what a size may end in.
var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"kB", 1e3}, {"MB", 1e6}, {"B", 1}}

func parseSize(least, most int64) parser[int64] {
	return func(text string) (int64, error) {
		digits, unit := text, int64(1)
		for _, u := range sizeUnits {
			if number, found := strings.CutSuffix(text, u.suffix); found {
				digits, unit = strings.TrimSpace(number), u.bytes
				break
			}
		}
		value, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || value < 0 || value > most/unit {
			return 0, fmt.Errorf("%q is not a size up to %d bytes such as 64KiB or 1MiB", text, most)
		}
		if value *= unit; value < least {
			return 0, fmt.Errorf("%q is less than %d bytes", text, least)
		}
		return value, nil
	}
}

func parseOneOf(choices ...string) parser[string] {
	return func(text string) (string, error) {
		if slices.Contains(choices, text) {
			return text, nil
		}
		return "", fmt.Errorf("%q is none of %s", text, strings.Join(choices, ", "))
	}
}

func parseLevel(text string) (slog.Level, error) {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	level, ok := levels[text]
	if !ok {
		return 0, fmt.Errorf("%q is none of debug, info, warn, error", text)
	}
	return level, nil
}

// parseListen reads host:port; the host may be empty, which means everywhere.
func parseListen(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", fmt.Errorf("%q is not host:port, for example 127.0.0.1:5082", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("%q is not a port", port)
	}
	if host != "" && !syncer.IsHost(host) {
		return "", fmt.Errorf("%q is not a host", host)
	}
	return text, nil
}

// parseServerAddress reads address:port; empty is none.
func parseServerAddress(text string) (string, error) {
	if text != "" && !syncer.IsServerAddress(text) {
		return "", fmt.Errorf("%q is not address:port, for example 203.0.113.7:6567", text)
	}
	return text, nil
}

func parseNetworks(text string) ([]netip.Prefix, error) {
	networks := []netip.Prefix{}
	for item := range listed(text) {
		network, err := netip.ParsePrefix(item)
		if address, single := netip.ParseAddr(item); single == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", item)
		}
		if network != network.Masked() {
			return nil, fmt.Errorf("%q has bits beyond its length; did you mean %s?", item, network.Masked())
		}
		networks = append(networks, network)
	}
	return networks, nil
}

func parseNames(text string) ([]string, error) {
	return slices.Collect(listed(text)), nil
}

// listed yields the items of a list.
func listed(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" && !yield(item) {
				return
			}
		}
	}
}

// parseNATS reads a list of URLs.
func parseNATS(text string) (Secret, error) {
	urls := slices.Collect(listed(text))
	for _, url := range urls {
		if err := fanout.CheckURL(url); err != nil {
			return "", err
		}
	}
	return Secret(strings.Join(urls, ",")), nil
}

func parseToken(text string) (Secret, error) {
	for _, r := range text {
		if r > unicode.MaxASCII || !unicode.IsGraphic(r) || r == ' ' {
			return "", errors.New("a token consists of printable ASCII characters without spaces")
		}
	}
	return Secret(text), nil
}

func parseDatabaseURL(text string) (Secret, error) {
	if text == "" {
		return "", nil
	}
	if _, err := pgx.ParseConfig(text); err != nil {
		return "", errors.New("is not a connection URL such as postgres://user:password@host:5432/playersync" +
			causeWithoutURL(err))
	}
	return Secret(text), nil
}

// causeWithoutURL is what is wrong with a connection URL. The error itself
// quotes the URL, in which a misplaced password might not be recognised.
func causeWithoutURL(err error) string {
	if parse, ok := errors.AsType[*pgconn.ParseConfigError](err); ok && parse.Unwrap() != nil {
		cause := parse.Unwrap().Error()
		if !strings.ContainsAny(cause, `"@`) {
			return ": " + cause
		}
	}
	return ""
}

// parseConsolePrefix takes a path such as /syncer, or nothing.
func parseConsolePrefix(text string) (string, error) {
	return text, console.Config{Prefix: text}.Validate()
}
