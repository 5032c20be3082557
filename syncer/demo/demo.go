package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"playersync/syncer"
	"playersync/syncer/postgres"
)

// database is the name of the demo's database.
const database = "playersync"

// stopTimeout bounds the shutdown of the throw-away server.
const stopTimeout = 30 * time.Second

// Options say how a story is told. The zero value tells it to nobody.
type Options struct {
	Out      io.Writer    // gets the story as text; nil discards it
	Colour   bool         // in Out
	Progress Progress     // is told what is waited for; nil is silent
	Log      *slog.Logger // gets what the parts log; nil discards it
	Version  string       // of this program
	Chapters []Chapter    // instead of Chapters()

	Postgres postgres.Config // of the throw-away server, save its Logger
}

// Demo is a throw-away PostgreSQL with two sidecars on it. Its methods are called
// by one goroutine.
type Demo struct {
	options  Options
	page     *page
	began    time.Time
	postgres *postgres.Server
	daemons  []*runningDaemon
	stage    *Stage
	url      string
}

// Start starts PostgreSQL and both sidecars. After an error, or when ctx ends
// first, nothing is left behind. Else the caller must Close.
func Start(ctx context.Context, options Options) (*Demo, error) {
	options = options.withDefaults()
	d := &Demo{options: options, page: &page{options.Out, options.Colour}, began: time.Now()}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (o Options) withDefaults() Options {
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Progress == nil {
		o.Progress = silence{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Chapters == nil {
		o.Chapters = Chapters()
	}
	return o
}

func (d *Demo) start(ctx context.Context) error {
	d.page.heading()
	defer d.options.Progress.End()
	if err := d.startPostgres(ctx); err != nil {
		return err
	}
	d.stage = &Stage{databaseURL: d.url, page: d.page}
	for i, server := range []struct {
		name   string
		player **GameServer
	}{{survival, &d.stage.Survival}, {pvp, &d.stage.PvP}} {
		home := syncer.GameServer{
			Name: server.name, Gamemode: server.name, Address: fmt.Sprintf("127.0.0.1:%d", 6567+i),
		}
		if err := d.startServer(ctx, home, server.player); err != nil {
			return err
		}
	}
	return nil
}

func (d *Demo) startPostgres(ctx context.Context) error {
	began := time.Now()
	d.options.Progress.Begin("starting a throw-away PostgreSQL")
	log := slog.New(progressHandler{d.options.Log.Handler(), d.options.Progress})
	config := d.options.Postgres
	config.Logger = log
	server, err := postgres.Start(ctx, config)
	if err != nil {
		return fmt.Errorf("start throw-away PostgreSQL: %w", err)
	}
	d.postgres, d.url = server, server.DatabaseURL(database)
	admin, err := openPsql(ctx, server.URL())
	if err != nil {
		return err
	}
	err = admin.Run(ctx, "create database "+database)
	admin.close(ctx)
	if err != nil {
		return err
	}
	d.options.Progress.End()
	d.page.started("PostgreSQL", server.Version()+", throw-away, on 127.0.0.1:"+fmt.Sprint(server.Port()),
		time.Since(began))
	return nil
}

// startServer starts a sidecar and connects the game server to it.
func (d *Demo) startServer(ctx context.Context, home syncer.GameServer, player **GameServer) error {
	began := time.Now()
	d.options.Progress.Begin("starting the syncer of " + home.Name)
	running, err := startDaemon(ctx, d.url, d.options.Version, home, d.options.Log)
	if err != nil {
		return err
	}
	d.daemons = append(d.daemons, running)
	if d.stage.Psql == nil { // the first one has made the schema
		if d.stage.Psql, err = openPsql(ctx, d.url); err != nil {
			return err
		}
	}
	*player, err = newGameServer(ctx, home.Name, running.URL())
	d.options.Progress.End()
	if err == nil {
		d.page.started(home.Name, "syncer of gamemode "+home.Gamemode+", at "+running.URL(), time.Since(began))
	}
	return err
}

// Play tells the story. An error means that it was interrupted, by ctx or because
// PostgreSQL or a sidecar ended; the result holds what was played until then.
func (d *Demo) Play(ctx context.Context) (Result, error) {
	result := Result{Holds: true, PostgreSQL: d.postgres.Version(), Chapters: []ChapterResult{}}
	var err error
	for i, chapter := range d.options.Chapters {
		played := d.play(ctx, i+1, chapter)
		result.Chapters = append(result.Chapters, played)
		result.Holds = result.Holds && played.Holds
		if err = d.alive(ctx); err != nil {
			result.Holds = false
			break
		}
	}
	d.stage.Survival.close()
	d.stage.PvP.close()
	d.stage.Survival, d.stage.PvP = nil, nil
	result.Took = Millis(time.Since(d.began))
	if err == nil {
		d.page.summary(result)
	}
	return result, err
}

func (d *Demo) play(ctx context.Context, number int, chapter Chapter) ChapterResult {
	result := ChapterResult{Title: chapter.Title, Holds: true, Steps: []Step{}}
	d.stage.chapter = &result
	d.page.title(number, chapter.Title)
	began := time.Now()
	if err := chapter.Play(ctx, d.stage); err != nil && ctx.Err() == nil {
		result.Holds = false
		result.Error = err.Error()
		d.page.failure(err)
	}
	result.Took = Millis(time.Since(began))
	return result
}

// alive returns why the story cannot continue.
func (d *Demo) alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	select {
	case <-d.postgres.Done():
		return errors.New("the throw-away PostgreSQL ended by itself")
	case <-d.daemons[0].done:
		return fmt.Errorf("the syncer of %s ended by itself: %w", survival, d.daemons[0].reason())
	case <-d.daemons[1].done:
		return fmt.Errorf("the syncer of %s ended by itself: %w", pvp, d.daemons[1].reason())
	default:
		return nil
	}
}

// Wait prints what can be tried and returns when ctx ends, or with an error when
// PostgreSQL or a sidecar does.
func (d *Demo) Wait(ctx context.Context) error {
	d.page.invitation(d.psqlProgram(), d.url, d.daemons[0].URL(), d.daemons[1].URL(),
		d.daemons[0].ConsoleLink())
	select {
	case <-ctx.Done():
		d.page.farewell()
		return nil
	case <-d.postgres.Done():
	case <-d.daemons[0].done:
	case <-d.daemons[1].done:
	}
	return d.alive(context.WithoutCancel(ctx))
}

// Close stops everything and removes the throw-away server's directory.
func (d *Demo) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if d.stage != nil {
		for _, server := range []*GameServer{d.stage.Survival, d.stage.PvP} {
			if server != nil {
				server.close()
			}
		}
		if d.stage.Psql != nil {
			d.stage.Psql.close(ctx)
		}
	}
	for _, running := range d.daemons {
		running.stop()
	}
	if d.postgres == nil {
		return nil
	}
	if err := d.postgres.Stop(ctx); err != nil {
		return fmt.Errorf("stop throw-away PostgreSQL: %w", err)
	}
	return nil
}

// Addresses are where a running demo can be reached.
type Addresses struct {
	Database string            `json:"database"` // the superuser's URL, password included
	Servers  map[string]string `json:"servers"`  // HTTP address by name
}

// Addresses returns where PostgreSQL and the sidecars can be reached.
func (d *Demo) Addresses() Addresses {
	return Addresses{d.url, map[string]string{survival: d.daemons[0].URL(), pvp: d.daemons[1].URL()}}
}
