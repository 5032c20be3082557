package console

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// registerOverview adds the page that the console begins with.
func (c *Console) registerOverview() {
	o := &overview{console: c, counts: map[string]*countsAnswer{}}
	c.overview = o
	health := func() template.HTML { return c.part("health", c.deps.Health()) }
	c.live.seen = append(c.live.seen, o.news.add)
	for _, part := range []*livePart{
		{name: "status", every: liveTick, render: c.statusPart},
		{name: "network", on: []changefeed.EventType{changefeed.EventPresence}, render: o.network},
		{name: "servers", on: []changefeed.EventType{changefeed.EventPresence}, every: serversLast, render: o.servers},
		{name: "news", on: changefeed.EventTypes, render: o.newest},
		{name: "health", every: 5 * time.Second, render: health},
	} {
		c.live.add(part)
	}
	c.handle("GET "+Path+"{$}", o.show)
	c.handle("GET "+Path+"overview/counts", o.exportCounts)
}

// overview is what the network does now, and how full it was.
type overview struct {
	console *Console
	news    news

	mu      sync.Mutex
	list    []syncer.ServerOverview // as last read
	readAt  time.Time               // zero: never
	reading bool
	failed  bool
	counts  map[string]*countsAnswer // by range
}

// countsRange is a time that the plot shows.
type countsRange struct {
	Name  string // in the address of the page
	Title string
	days  int
	step  time.Duration
}

// countsRanges are those that can be chosen; the first one is shown unasked.
var countsRanges = []countsRange{
	{"24h", "24 hours", 1, 8 * time.Minute},
	{"7d", "7 days", 7, time.Hour},
	{"30d", "30 days", 30, 4 * time.Hour},
}

// rangeOf returns the range of a request.
func rangeOf(r *http.Request) countsRange {
	i := slices.IndexFunc(countsRanges, func(one countsRange) bool { return one.Name == r.URL.Query().Get("range") })
	return countsRanges[max(i, 0)]
}

// overviewPage is what the page shows beside its parts.
type overviewPage struct {
	Network, Servers, News, Health template.HTML

	Range  countsRange
	Ranges []countsRange
}

func (o *overview) show(w http.ResponseWriter, r *http.Request, s *session) {
	o.refresh(r.Context())
	o.console.render(w, r, s, http.StatusOK, "overview", overviewPage{
		Network: o.network(), Servers: o.servers(), News: o.newest(),
		Health: o.console.part("health", o.console.deps.Health()),
		Range:  rangeOf(r), Ranges: countsRanges,
	})
}

// networkPart says how many players are online.
type networkPart struct{ Players, Servers int }

func (o *overview) network() template.HTML {
	players, servers := o.console.deps.Presence.Counts()
	return o.console.part("network", networkPart{players, len(servers)})
}

const (
	// serversLast is how long the list of servers counts that was read from the database.
	serversLast = 10 * time.Second
	// serversTimeout bounds reading it.
	serversTimeout = 3 * time.Second
)

// serversPart is the game servers, with players as memory has them.
type serversPart struct {
	Servers []syncer.ServerOverview
	Known   bool // the list could be read
	Failed  bool // not for the last time
	ReadAt  time.Time
}

// servers renders what is known from memory, and has it read anew if that is old.
func (o *overview) servers() template.HTML {
	_, counts := o.console.deps.Presence.Counts()
	o.mu.Lock()
	if !o.reading && (time.Since(o.readAt) >= serversLast || o.lacks(counts)) {
		o.reading = true
		go func() {
			o.read(context.Background())
			o.console.live.changed("servers")
		}()
	}
	part := serversPart{Servers: slices.Clone(o.list), Known: !o.readAt.IsZero(), Failed: o.failed, ReadAt: o.readAt}
	o.mu.Unlock()
	for i, server := range part.Servers {
		at, found := slices.BinarySearchFunc(counts, server.Name, func(c syncer.OnlineCount, name string) int {
			return strings.Compare(c.Server, name)
		})
		if part.Servers[i].Players = 0; found {
			part.Servers[i].Players = counts[at].Players
		}
	}
	return o.console.part("servers", part)
}

// lacks reports whether somebody is on a server that the list does not have, and that was not
// looked for a moment ago. The caller holds o.mu.
func (o *overview) lacks(counts []syncer.OnlineCount) bool {
	return time.Since(o.readAt) >= time.Second && slices.ContainsFunc(counts, func(count syncer.OnlineCount) bool {
		return !slices.ContainsFunc(o.list, func(s syncer.ServerOverview) bool { return s.Name == count.Server })
	})
}

// refresh reads the list of servers if none is known yet.
func (o *overview) refresh(ctx context.Context) {
	o.mu.Lock()
	needed := o.readAt.IsZero() && !o.reading
	o.reading = o.reading || needed
	o.mu.Unlock()
	if needed {
		o.read(ctx)
	}
}

// read reads the list of servers; reading must have been set.
func (o *overview) read(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, serversTimeout)
	defer cancel()
	list, err := o.console.deps.Presence.Servers(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reading, o.failed = false, err != nil; err == nil {
		o.list, o.readAt = list, time.Now()
	}
}

// newsPart is the newest events.
type newsPart struct{ Items []newsItem }

func (o *overview) newest() template.HTML { return o.console.part("news", newsPart{o.news.newest()}) }

// countsLast is how long player counts count that were read from the database.
const countsLast = time.Minute

// plotted is player counts as the page plots them.
type plotted struct {
	Times   []int64         `json:"times"` // seconds since 1970, at even distances
	Servers []plottedServer `json:"servers"`
}

type plottedServer struct {
	Name   string  `json:"name"`
	Counts []int64 `json:"counts"`
}

// countsAnswer is one that is kept for everybody who looks.
type countsAnswer struct {
	body []byte
	at   time.Time
}

// exportCounts answers with the player counts of a range as JSON.
func (o *overview) exportCounts(w http.ResponseWriter, r *http.Request, _ *session) {
	asked := rangeOf(r)
	o.mu.Lock()
	kept := o.counts[asked.Name]
	o.mu.Unlock()
	if kept == nil || time.Since(kept.at) >= countsLast {
		body, err := o.readCounts(r.Context(), asked)
		if err != nil && kept == nil {
			http.Error(w, "the database is away", http.StatusServiceUnavailable)
			return
		}
		if err == nil {
			kept = &countsAnswer{body, time.Now()}
			o.mu.Lock()
			o.counts[asked.Name] = kept
			o.mu.Unlock()
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(kept.body) // a browser that went away is no concern of ours
}

func (o *overview) readCounts(ctx context.Context, asked countsRange) ([]byte, error) {
	now := o.console.deps.Now()
	wanted, counts, err := o.console.deps.Counts.Export(ctx, syncer.CountRange{
		From: now.AddDate(0, 0, -asked.days), To: now, Step: asked.step,
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(plot(wanted, counts))
}

// plot puts the counts of each server at even distances, 0 where there are none.
func plot(r syncer.CountRange, counts []syncer.PlayerCount) plotted {
	out := plotted{Times: []int64{}, Servers: []plottedServer{}}
	for at := r.From; at.Before(r.To); at = at.Add(r.Step) {
		out.Times = append(out.Times, at.Unix())
	}
	place := map[string]int{}
	for _, count := range counts {
		i, known := place[count.Server]
		if !known {
			i = len(out.Servers)
			place[count.Server] = i
			server := plottedServer{Name: shown(count.Server), Counts: make([]int64, len(out.Times))}
			out.Servers = append(out.Servers, server)
		}
		slot, given := count.Slot.Instant()
		if step := int(slot.Sub(r.From) / r.Step); given && step >= 0 && step < len(out.Times) {
			out.Servers[i].Counts[step] = max(out.Servers[i].Counts[step], count.Players)
		}
	}
	slices.SortFunc(out.Servers, func(a, b plottedServer) int { return strings.Compare(a.Name, b.Name) })
	return out
}
