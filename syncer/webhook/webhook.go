// Package webhook sends texts to a Discord-style webhook: a POST of JSON with a
// member content, and allowed_mentions that let nobody be pinged whatever the text
// says.
//
// A text is queued at once and never delays its sender; the queue is bounded, and
// texts that do not fit are dropped and counted. Texts are sent in order, one at a
// time. A text of more than 2000 characters is sent in parts. A failed attempt is
// repeated after a growing delay, or after the delay that the receiver asks for, up to
// a limit; a text that the receiver refuses for good is dropped. At shutdown the rest
// of the queue is sent within a few seconds. A text may arrive twice if an answer was
// lost.
//
// The URL is a secret: it is in no error and no log.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Config says where to send. Zero values mean the defaults; only URL has none.
type Config struct {
	URL             string
	Capacity        int           // texts that wait, 1000
	Timeout         time.Duration // of one attempt, 10 s
	Backoff         time.Duration // before the second attempt, 1 s; doubles up to a minute
	Attempts        int           // before a text is dropped, 10
	ShutdownTimeout time.Duration // at shutdown, for the rest of the queue, 3 s
}

func (c Config) withDefaults() Config {
	if c.Capacity <= 0 {
		c.Capacity = 1000
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Backoff <= 0 {
		c.Backoff = time.Second
	}
	if c.Attempts <= 0 {
		c.Attempts = 10
	}
	if c.ShutdownTimeout <= 0 {
		c.ShutdownTimeout = 3 * time.Second
	}
	return c
}

// Webhook is a queue of texts. It is safe for concurrent use.
type Webhook struct {
	config  Config
	client  *http.Client
	queue   chan string
	log     *slog.Logger
	sent    prometheus.Counter
	dropped *prometheus.CounterVec
}

// New returns a webhook that sends nothing before Run, and registers its metrics.
func New(config Config, registry prometheus.Registerer, log *slog.Logger) *Webhook {
	config = config.withDefaults()
	factory := promauto.With(registry)
	return &Webhook{
		config: config,
		client: &http.Client{
			Timeout:       config.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		},
		queue: make(chan string, config.Capacity),
		log:   log,
		sent: factory.NewCounter(prometheus.CounterOpts{
			Name: "playersync_webhook_sent_total", Help: "Messages that the webhook took.",
		}),
		dropped: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "playersync_webhook_dropped_total", Help: "Texts that were not sent, by reason.",
		}, []string{"reason"}),
	}
}

// Check refuses a URL that cannot be one of a webhook. The error does not name it.
func Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return errors.New("must be a URL that begins with https:// (or http://, in clear text)")
	}
	return nil
}

// TravelsInClear reports whether a URL leads beyond this machine in clear text.
func TravelsInClear(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !ip.Unmap().IsLoopback()
}

// Send queues a text. It never blocks.
func (w *Webhook) Send(text string) {
	select {
	case w.queue <- text:
	default:
		w.drop("full", errors.New("too many texts wait"))
	}
}

func (w *Webhook) drop(reason string, err error) {
	w.dropped.WithLabelValues(reason).Inc()
	w.log.Warn("a text for the webhook is dropped", "reason", err)
}

// Run sends what is queued until ctx ends, and then the rest of the queue within
// [Config.ShutdownTimeout].
func (w *Webhook) Run(ctx context.Context) error {
	// grace ends some time after ctx, so that an attempt under way can finish.
	grace, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(w.config.ShutdownTimeout, cancel) })
	defer stop()
	for {
		select {
		case text := <-w.queue:
			w.deliver(ctx, grace, text)
		case <-ctx.Done():
			w.drain(ctx, grace)
			return nil
		}
	}
}

// drain sends what was queued when ctx ended.
func (w *Webhook) drain(ctx, grace context.Context) {
	for {
		select {
		case text := <-w.queue:
			w.deliver(ctx, grace, text)
		default:
			return
		}
	}
}

// deliver sends all parts of a text.
func (w *Webhook) deliver(ctx, grace context.Context, text string) {
	for _, part := range split(text) {
		if err := w.deliverPart(ctx, grace, part); err != nil {
			w.drop(reasonOf(err), err)
			return
		}
		w.sent.Inc()
	}
}

func reasonOf(err error) string {
	if refused, ok := errors.AsType[*refusal](err); ok && !refused.temporary() {
		return "refused"
	}
	return "failed"
}

// deliverPart tries until it succeeds, is refused for good, or all attempts were made.
// After ctx has ended each part has one attempt.
func (w *Webhook) deliverPart(ctx, grace context.Context, part string) error {
	delay := w.config.Backoff
	for attempt := 1; ; attempt++ {
		err := w.post(grace, part)
		refused, isRefusal := errors.AsType[*refusal](err)
		if err == nil || isRefusal && !refused.temporary() || attempt == w.config.Attempts || ctx.Err() != nil {
			return err
		}
		w.log.Debug("the webhook did not take a text; trying again", "error", err)
		pause := delay
		if isRefusal && refused.after > 0 {
			pause = min(refused.after, maxBackoff)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done(): // one last attempt
		}
		delay = min(2*delay, maxBackoff)
	}
}

// maxBackoff bounds the delay between two attempts.
const maxBackoff = time.Minute

// message is the body of a request.
type message struct {
	Content  string   `json:"content"`
	Mentions mentions `json:"allowed_mentions"`
}

// mentions lists the kinds of mentions that ping: none.
type mentions struct {
	Parse []string `json:"parse"`
}

// refusal is an answer that is no success.
type refusal struct {
	status int
	after  time.Duration // when to come again, 0 if not said
}

// Error returns the status.
func (r *refusal) Error() string { return fmt.Sprintf("the webhook answers %d", r.status) }

// temporary reports whether another attempt may succeed.
func (r *refusal) temporary() bool {
	return r.status >= 500 || r.status == http.StatusTooManyRequests || r.status == http.StatusRequestTimeout
}

// post makes one attempt.
func (w *Webhook) post(ctx context.Context, part string) error {
	body, err := json.Marshal(message{Content: part, Mentions: mentions{Parse: []string{}}})
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.config.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook's URL is no URL")
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		if named, ok := errors.AsType[*url.Error](err); ok {
			err = named.Err // without the URL
		}
		return fmt.Errorf("send to the webhook: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // of no interest
	if response.StatusCode < 300 {
		return nil
	}
	seconds, _ := strconv.ParseFloat(response.Header.Get("Retry-After"), 64)
	return &refusal{response.StatusCode, time.Duration(seconds * float64(time.Second))}
}
