package console

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
)

const (
	// liveGap is the shortest time between two changes of one page: what happens meanwhile
	// comes together.
	liveGap = 200 * time.Millisecond
	// liveTick is how often what changes with time alone is looked at.
	liveTick = time.Second
	// liveBuffer is how many changes a page may be behind before its stream is cut off.
	liveBuffer = 64
)

// livePart is a part of pages that changes by itself. It is rendered once for everybody who
// looks at it, so it must not depend on who that is.
type livePart struct {
	name   string
	on     []changefeed.EventType // that change it, beside a resync
	every  time.Duration          // and with time; 0: not
	gap    time.Duration          // the shortest time between two changes that are told
	render func() template.HTML   // from memory

	dirty bool
	told  time.Time
	due   time.Time
	last  template.HTML
}

// live brings the parts of pages that are open up to date. It is safe for concurrent use.
type live struct {
	events *events.Broker
	log    *slog.Logger
	most   int
	wake   chan struct{}
	done   chan struct{} // closed when it ends

	mu       sync.Mutex
	parts    map[string]*livePart
	watchers map[*watcher]bool
	seen     []func(changefeed.Event) // told of every event
}

// partPlayer is the part of a page about one player: it says nothing but that something of him
// has changed.
const partPlayer = "player"

// watcher is one open page.
type watcher struct {
	wants   map[string]bool
	about   syncer.PlayerID // that the page is about; "" for none
	changed bool            // something of that player
	changes int64           // how often it did
	out     chan update     // closed when the page was too slow
}

// update is a part as it is now.
type update struct {
	part string
	html template.HTML
}

func newLive(most int, broker *events.Broker, log *slog.Logger) *live {
	return &live{
		events: broker, log: log, most: most, wake: make(chan struct{}, 1), done: make(chan struct{}),
		parts: map[string]*livePart{}, watchers: map[*watcher]bool{},
	}
}

// add adds a part, before run.
func (l *live) add(p *livePart) { l.parts[p.name] = p }

// errBusy says that too many pages are open.
var errBusy = errors.New("too many pages are open")

// watch begins to bring the named parts, each at once as it is now. Unknown ones are passed
// over. About is the player that the page is about, "" for none. The caller must call stop.
func (l *live) watch(names []string, about syncer.PlayerID) (w *watcher, stop func(), err error) {
	w = &watcher{wants: map[string]bool{}, about: about, out: make(chan update, liveBuffer)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.watchers) >= l.most {
		return nil, nil, errBusy
	}
	for _, name := range names {
		if p := l.parts[name]; p != nil && !w.wants[name] {
			w.wants[name] = true
			p.last = p.render()
			w.out <- update{name, p.last}
		}
	}
	l.watchers[w] = true
	return w, func() { l.drop(w) }, nil
}

func (l *live) drop(w *watcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.watchers, w)
}

// mark notes that parts may have changed.
func (l *live) mark(e changefeed.Event) {
	l.mu.Lock()
	for _, tell := range l.seen {
		tell(e)
	}
	for _, p := range l.parts {
		if e.Type == changefeed.EventResync || slices.Contains(p.on, e.Type) {
			p.dirty = true
		}
	}
	for w := range l.watchers {
		w.changed = w.changed || w.about != "" && concerns(e, w.about)
	}
	l.mu.Unlock()
	l.poke()
}

// concerns reports whether an event tells of a player.
func concerns(e changefeed.Event, id syncer.PlayerID) bool {
	switch e.Type {
	case changefeed.EventPlayer, changefeed.EventBalance, changefeed.EventKick:
		return e.ID == id
	case changefeed.EventPresence:
		return e.Session.ID == id
	case changefeed.EventBan: // of an address too, which may be one of his
		return e.Target.ID == id || e.Target.ID == ""
	default:
		return e.Type == changefeed.EventResync
	}
}

// changed notes that a part may have changed for another reason.
func (l *live) changed(name string) {
	l.mu.Lock()
	l.parts[name].dirty = true
	l.mu.Unlock()
	l.poke()
}

func (l *live) poke() {
	select {
	case l.wake <- struct{}{}:
	default: // it is awake already
	}
}

// run works until ctx ends, and ends the streams of all pages then.
func (l *live) run(ctx context.Context) error {
	defer close(l.done)
	var following sync.WaitGroup
	defer following.Wait()
	following.Go(func() { l.followEvents(ctx) })
	tick := time.NewTicker(liveTick)
	defer tick.Stop()
	gap := time.NewTimer(0)
	defer gap.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
		case <-tick.C:
		}
		l.flush(time.Now())
		gap.Reset(liveGap)
		select {
		case <-ctx.Done():
			return nil
		case <-gap.C:
		}
	}
}

// followEvents marks what events change. Who falls behind begins anew.
func (l *live) followEvents(ctx context.Context) {
	for ctx.Err() == nil {
		subscription := l.events.Subscribe("")
		for {
			next, err := subscription.Next(ctx)
			if errors.Is(err, events.ErrLagging) {
				l.mark(changefeed.Event{Type: changefeed.EventResync})
			}
			if err != nil {
				if errors.Is(err, events.ErrClosed) {
					subscription.Close()
					return
				}
				break
			}
			l.mark(next.Event)
		}
		subscription.Close()
	}
}

// flush renders what has changed and somebody looks at, and sends what is another then.
func (l *live) flush(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	wanted := map[string]bool{}
	for w := range l.watchers {
		maps.Copy(wanted, w.wants)
	}
	for w := range l.watchers {
		if w.changed {
			w.changed = false
			w.changes++
			l.give(w, update{partPlayer, numbered(w.changes)})
		}
	}
	for name := range wanted {
		p := l.parts[name]
		if !p.dirty && (p.every == 0 || now.Before(p.due)) || now.Sub(p.told) < p.gap {
			continue
		}
		p.dirty, p.told, p.due = false, now, now.Add(p.every)
		html := p.render()
		if html == p.last {
			continue
		}
		p.last = html
		l.send(update{name, html})
	}
}

// send hands a part to the pages that show it. The caller holds l.mu.
func (l *live) send(u update) {
	for w := range l.watchers {
		if w.wants[u.part] {
			l.give(w, u)
		}
	}
}

// give hands a part to one page, or cuts it off if it is too far behind. The caller holds l.mu.
func (l *live) give(w *watcher, u update) {
	select {
	case w.out <- u:
	default:
		delete(l.watchers, w)
		close(w.out)
		l.log.Info("stream of a page of the console cut off: the browser is too slow")
	}
}

// numbered is a part that says nothing but how often something has changed.
func numbered(changes int64) template.HTML {
	return template.HTML(strconv.FormatInt(changes, 10)) //nolint:gosec // it is a number
}
