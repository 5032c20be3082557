package console

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
)

// Path is where the console is served, behind [Config.Prefix].
const Path = "/console/"

// Config says how the console is reached. Zero values mean the defaults.
type Config struct {
	// Prefix is the path that a reverse proxy takes off before it passes a request on, such
	// as /syncer; "" for none.
	Prefix string
	// Owner is for whom the one-time link signs in; "" makes none.
	Owner string

	// Check looks whether all is well, for the page about health; nil: it does not say.
	Check    func(ctx context.Context) []Finding
	Settings []Setting // in force

	Idle     time.Duration // after which a session that nothing is asked in ends, 2 h
	Absolute time.Duration // after which every session ends, 12 h
	Tries    int           // wrong passwords in a minute, for each name; twice as many for each address; 5
	Streams  int           // open pages at a time, 500
}

func (c Config) withDefaults() Config {
	if c.Idle <= 0 {
		c.Idle = 2 * time.Hour
	}
	if c.Absolute <= 0 {
		c.Absolute = 12 * time.Hour
	}
	if c.Tries <= 0 {
		c.Tries = 5
	}
	if c.Streams <= 0 {
		c.Streams = 500
	}
	return c
}

// prefixPattern is what a prefix looks like.
var prefixPattern = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)

// Validate returns an error for a prefix that is no path.
func (c Config) Validate() error {
	if c.Prefix == "" {
		return nil
	}
	if !prefixPattern.MatchString(c.Prefix) {
		return errors.New("must begin with a slash, end without one and consist of letters, digits, dots, - and _")
	}
	return nil
}

// Deps are the parts that the console shows. All are required.
type Deps struct {
	SignIn      SignIn
	Presence    Presence
	Players     Players
	Edits       Edits
	Visits      Visits
	Balances    Balances
	Kicks       Kicks
	Bans        Bans
	Audit       Audit
	BanTransfer BanTransfer
	Chat        Chat
	ModLog      ModLog
	Patterns    Patterns
	Blacklist   Blacklist
	USIDs       USIDs
	MapRuns     MapRuns
	Counts      Counts
	Events      *events.Broker
	Health      func() Health    // from memory
	Now         func() time.Time // the database's clock
	Log         *slog.Logger
	Version     string // of the program
}

// SignIn is what the console needs to know who somebody is; *store.Store is one.
type SignIn interface {
	SignIn(ctx context.Context, name, password string) (rights syncer.Rights, ok bool, err error)
	Rights(ctx context.Context, name string) (syncer.Rights, error)
}

// Presence is what the console needs of game servers and who is on them; *sidecar.Presence
// is one.
type Presence interface {
	Counts() (players int, servers []syncer.OnlineCount)
	Servers(ctx context.Context) ([]syncer.ServerOverview, error)
	Online(server string, after int64, size int) (page []*changefeed.SessionRow, next int64)
	Of(ctx context.Context, id syncer.PlayerID) (now []syncer.Session, before []syncer.LastSeen, err error)
}

// Counts is what the console needs of player counts; *sidecar.Counts is one.
type Counts interface {
	Export(ctx context.Context, r syncer.CountRange) (syncer.CountRange, []syncer.PlayerCount, error)
}

// Console answers the pages. It is safe for concurrent use, except that Run is called at
// most once.
type Console struct {
	config   Config
	deps     Deps
	pages    map[string]*template.Template // by name
	assets   assets
	sessions *sessions
	tries    *tries
	keys     *keys
	live     *live
	overview *overview
	mux      *http.ServeMux
	origins  *http.CrossOriginProtection
}

// New returns a console, or an error for a configuration that cannot work. Run must be running
// for pages to change by themselves.
func New(config Config, deps Deps) (*Console, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	c := &Console{
		config: config, deps: deps, assets: loadAssets(), keys: newKeys(time.Now), mux: http.NewServeMux(),
		sessions: newSessions(config.Idle, config.Absolute, time.Now), tries: newTries(config.Tries, time.Now),
		origins: http.NewCrossOriginProtection(),
	}
	c.pages = parsePages(c.functions())
	c.live = newLive(config.Streams, deps.Events, deps.Log)
	c.routes()
	return c, nil
}

// routes are all that is served.
func (c *Console) routes() {
	c.mux.HandleFunc("GET "+Path+"assets/{hash}/{name}", c.asset)
	c.mux.HandleFunc("GET "+Path+"sign-in", c.showSignIn)
	c.mux.HandleFunc("POST "+Path+"sign-in", c.signIn)
	c.mux.HandleFunc("GET "+Path+"enter", c.enter)
	c.handle("POST "+Path+"sign-out", c.signOut)
	c.handle("GET "+Path+"live", c.follow)
	c.registerOverview()
	c.registerPlayers()
	c.registerBans()
	c.registerBanFile()
	c.registerAudit()
	c.registerFeed()
	c.registerChat()
	c.registerModLog()
	c.registerPatterns()
	c.registerBlacklist()
	c.registerUSIDs()
	c.registerMaps()
	c.registerHealth()
	c.handle(Path, c.notFound)
}

// handler answers a request of somebody who is signed in.
type handler func(w http.ResponseWriter, r *http.Request, s *session)

// handle routes to a handler, behind the guard.
func (c *Console) handle(pattern string, h handler) {
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if s := c.admit(w, r); s != nil {
			h(w, r, s)
		}
	})
}

// Mounts returns the handler by the beginning of its paths.
func (c *Console) Mounts() map[string]http.Handler {
	return map[string]http.Handler{strings.TrimSuffix(Path, "/"): c}
}

// mostBody bounds what a browser may send, in bytes.
const mostBody = 8 << 20

// ServeHTTP answers one request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guardHeaders(w.Header())
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	if r.URL.Path == strings.TrimSuffix(Path, "/") {
		http.Redirect(w, r, c.url(""), http.StatusSeeOther)
		return
	}
	c.mux.ServeHTTP(w, r)
	if r.Pattern == "" { // nothing of the path becomes a label of metrics
		r.Pattern = Path
	}
}

// Run lets pages change by themselves until ctx ends; then it ends their streams.
func (c *Console) Run(ctx context.Context) error { return c.live.run(ctx) }

// url returns the path of a page as browsers ask for it.
func (c *Console) url(page string) string { return c.config.Prefix + Path + page }
