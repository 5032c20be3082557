package fanout

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are the fan-out's figures.
type metrics struct {
	published prometheus.Counter
	dropped   prometheus.Counter
	forged    prometheus.Counter
}

// newMetrics registers the figures of f, once per registry.
func newMetrics(f *Fanout, registry prometheus.Registerer) *metrics {
	factory := promauto.With(registry)
	gauge := func(name, help string, read func() float64) {
		factory.NewGaugeFunc(prometheus.GaugeOpts{Name: "playersync_fanout_" + name, Help: help}, func() float64 {
			f.mu.Lock()
			defer f.mu.Unlock()
			return read()
		})
	}
	gauge("connected", "1 while NATS is there, else 0.", func() float64 {
		return count(f.conn != nil && f.conn.IsConnected())
	})
	gauge("forwarding", "1 while this sidecar forwards notifications to NATS, else 0.", func() float64 {
		return count(f.forwarding)
	})
	gauge("forwarders", "Sidecars heard within two heartbeats that forward notifications to NATS.",
		func() (heard float64) {
			for _, s := range f.heard {
				heard += count(time.Since(s.at) <= 2*f.config.Heartbeat)
			}
			return heard
		})
	counter := func(name, help string) prometheus.Counter {
		return factory.NewCounter(prometheus.CounterOpts{Name: "playersync_fanout_" + name, Help: help})
	}
	return &metrics{
		published: counter("published_total", "Messages published on NATS: of own writes, forwarded, signs of life."),
		dropped: counter("dropped_total",
			"Times that messages to or from NATS found no room; polls find what they told of."),
		forged: counter("forged_total",
			"Notifications not forwarded because they were not signed with the database's key."),
	}
}

func count(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
