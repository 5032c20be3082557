package fanout

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// CheckURL refuses what is not the URL of one server. The error does not name it.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || !slices.Contains([]string{"nats", "tls"}, u.Scheme) || u.Hostname() == "" {
		return errors.New("must be a URL that begins with tls:// or nats://, such as tls://user:password@host:4222")
	}
	return nil
}

// TravelsInClear reports whether a server beyond this machine may be reached without TLS.
func (c Config) TravelsInClear() bool {
	if c.CA != "" || c.Cert != "" {
		return false
	}
	return slices.ContainsFunc(strings.Split(c.URL, ","), func(address string) bool {
		u, err := url.Parse(address)
		if err != nil || u.Scheme == "tls" || u.Hostname() == "localhost" {
			return false
		}
		ip, err := netip.ParseAddr(u.Hostname())
		return err != nil || !ip.Unmap().IsLoopback()
	})
}

// checkRounds is how many messages Check sends.
const checkRounds = 9

// Check connects once, and returns the median time from before a message is published until
// its receipt.
func Check(ctx context.Context, config Config) (median time.Duration, err error) {
	conn, err := config.connect()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	subject := "playersync.check_" + rand.Text() + "." + partChanges
	arrived := make(chan *nats.Msg, checkRounds)
	if _, err := conn.ChanSubscribe(subject, arrived); err != nil {
		return 0, fmt.Errorf("subscribe: %w", err)
	}
	var times []time.Duration
	for range checkRounds {
		sent := time.Now()
		if err := conn.Publish(subject, nil); err != nil {
			return 0, fmt.Errorf("publish: %w", err)
		}
		select {
		case <-arrived:
			times = append(times, time.Since(sent))
		case <-ctx.Done():
			if last := conn.LastError(); last != nil {
				return 0, last
			}
			return 0, errors.New("a message did not arrive")
		}
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// connect connects without trying again.
func (c Config) connect() (*nats.Conn, error) {
	options, err := c.withDefaults().login()
	if err != nil {
		return nil, err
	}
	conn, err := nats.Connect(c.URL, append(options, nats.NoReconnect())...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %s", reasonOf(err))
	}
	return conn, nil
}
