package feed

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are the feed's figures.
type metrics struct {
	propagation   prometheus.Histogram
	foundByPoll   prometheus.Counter
	reconnects    prometheus.Counter
	reloads       *prometheus.CounterVec
	polls         prometheus.Counter
	notifications prometheus.Counter
	forged        prometheus.Counter
	unfounded     prometheus.Counter
	queueUsage    prometheus.Gauge
}

// newMetrics registers the figures of f, once per registry.
func newMetrics(f *Feed, registry prometheus.Registerer) *metrics {
	factory := promauto.With(registry)
	registerState(factory, f)
	m := &metrics{
		propagation: factory.NewHistogram(prometheus.HistogramOpts{
			Name: "playersync_feed_propagation_seconds",
			Help: "From shortly before a change's commit (database clock) " +
				"until it was applied here or known not to be held.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		foundByPoll: factory.NewCounter(prometheus.CounterOpts{
			Name: "playersync_feed_found_by_poll_total",
			Help: "Changes that a poll found on a healthy connection and whose notification never came: " +
				"a writer died, or a fault.",
		}),
		reconnects: factory.NewCounter(prometheus.CounterOpts{
			Name: "playersync_feed_reconnects_total",
			Help: "Connections opened after the first.",
		}),
		reloads: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "playersync_feed_reloads_total",
			Help: "Times that a whole table or everything was read again, by reason.",
		}, []string{"reason"}),
		polls: factory.NewCounter(prometheus.CounterOpts{
			Name: "playersync_feed_polls_total",
			Help: "Polls of the change table that the database answered.",
		}),
		notifications: factory.NewCounter(prometheus.CounterOpts{
			Name: "playersync_feed_notifications_total",
			Help: "Notifications received.",
		}),
		forged: factory.NewCounter(prometheus.CounterOpts{
			Name: "playersync_feed_forged_total",
			Help: "Notifications ignored because they were not signed with the database's key.",
		}),
		unfounded: factory.NewCounter(prometheus.CounterOpts{
			Name: "playersync_feed_unfounded_total",
			Help: "Changes that signed notifications told of and that no poll found: they were read again.",
		}),
		queueUsage: factory.NewGauge(prometheus.GaugeOpts{
			Name: "playersync_feed_notification_queue_ratio",
			Help: "How full the database server's queue of notifications was at the last poll, from 0 to 1.",
		}),
	}
	for _, reason := range reasons { // a series that begins at its first reload would hide it from increase()
		m.reloads.WithLabelValues(reason)
	}
	return m
}

// registerState registers what is read from the feed when metrics are asked for.
func registerState(factory promauto.Factory, f *Feed) {
	created := time.Now()
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "playersync_feed_staleness_seconds",
		Help: "Time since memory was last known to equal the database; since the start until it first did.",
	}, func() float64 {
		current := f.Status().Current
		if current.IsZero() {
			current = created
		}
		return time.Since(current).Seconds()
	})
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "playersync_feed_following",
		Help: "1 while memory follows the database, else 0.",
	}, func() float64 {
		if f.Status().Following {
			return 1
		}
		return 0
	})
}
