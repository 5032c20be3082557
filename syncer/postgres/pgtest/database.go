package pgtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres"
)

// databaseTimeout bounds each step of making a database.
const databaseTimeout = time.Minute

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
	if err := execute(server, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	return name, migrate(ctx, server.DatabaseURL(name))
}

func create(t testing.TB, server *postgres.Server, from string) string {
	t.Helper()
	name := databaseName()
	if err := execute(server, "CREATE DATABASE "+name+" TEMPLATE "+from); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return server.DatabaseURL(name)
}

func databaseName() string { return fmt.Sprintf("test_%d", lastDatabase.Add(1)) }

// execute runs a statement in the database postgres of a server.
func execute(server *postgres.Server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URL())
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	closed := conn.Close(ctx)
	if err != nil {
		return err
	}
	return closed
}
