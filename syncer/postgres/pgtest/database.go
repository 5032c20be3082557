package pgtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres"
)

// databaseTimeout bounds each step of making a database, on a machine that has much
// else to do.
const databaseTimeout = 5 * time.Minute

var lastDatabase atomic.Int64

// template is a migrated database from which those of tests are copied.
type template struct {
	once     sync.Once
	database string
	err      error
}

// templates of this process, by the caller's name.
var templates sync.Map

// Database returns the superuser's URL of a database for one test, dropped at
// the test's end with whatever is connected to it. It is a copy of a template
// that migrate makes in the first call of this process with that name: the
// callback gets the URL of an empty database and must leave no connection to
// it. Roles belong to the server, so all databases share them.
func Database(t testing.TB, name string, migrate func(ctx context.Context, url string) error) string {
	t.Helper()
	server := sharedServer(t)
	entry, _ := templates.LoadOrStore(name, &template{})
	made := entry.(*template)
	made.once.Do(func() { made.database, made.err = makeTemplate(server, migrate) })
	if made.err != nil {
		t.Fatalf("make template %s: %v", name, made.err)
	}
	return create(t, server, made.database)
}

// Empty is Database without a template.
func Empty(t testing.TB) string {
	t.Helper()
	return create(t, sharedServer(t), "template1")
}

// EmptyOn makes an empty database on a server that [Server] returned. It lasts
// as long as the server.
func EmptyOn(t testing.TB, server *postgres.Server) string {
	t.Helper()
	name := databaseName()
	if err := execute(server, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	return server.DatabaseURL(name)
}

func makeTemplate(server *postgres.Server, migrate func(context.Context, string) error) (string, error) {
	name := databaseName()
	if err := admin.execute(server, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	return name, migrate(ctx, server.DatabaseURL(name))
}

func create(t testing.TB, server *postgres.Server, from string) string {
	t.Helper()
	name := databaseName()
	if err := admin.execute(server, "CREATE DATABASE "+name+" TEMPLATE "+from+copied(server)); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := admin.execute(server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return server.DatabaseURL(name)
}

// copied is the option that copies a template's files as they are, which takes half
// of what the default does. Before version 15 there is no other way.
func copied(server *postgres.Server) string {
	if server.Binaries().Major < 15 {
		return ""
	}
	return " STRATEGY FILE_COPY"
}

func databaseName() string { return fmt.Sprintf("test_%d", lastDatabase.Add(1)) }

// admin makes and drops the databases of the shared server.
var admin administrator

// administrator keeps one connection to a server's database postgres: connecting costs
// more than most statements.
type administrator struct {
	mu   sync.Mutex
	conn *pgx.Conn
}

// execute runs a statement; those of several tests come one after the other.
func (a *administrator) execute(server *postgres.Server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn == nil || a.conn.IsClosed() {
		conn, err := pgx.Connect(ctx, server.URL())
		if err != nil {
			return err
		}
		a.conn = conn
	}
	_, err := a.conn.Exec(ctx, statement)
	return err
}

func (a *administrator) close(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn == nil {
		return nil
	}
	return a.conn.Close(ctx)
}

// execute runs a statement in the database postgres of a server.
func execute(server *postgres.Server, statement string) error {
	var once administrator
	err := once.execute(server, statement)
	return errors.Join(err, once.close(context.Background()))
}
