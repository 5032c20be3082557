package pgtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

// answer asks the server for a number in the background.
func answer(ctx context.Context, conn *pgx.Conn) <-chan error {
	done := make(chan error, 1)
	go func() { done <- conn.Ping(ctx) }()
	return done
}

func TestProxyStallsAndResumes(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	proxy := pgtest.NewProxy(t, url)
	conn := connect(t, proxy.URL())
	exec(t, conn, "CREATE TABLE passed ()")
	exec(t, conn, "SELECT pg_notify('x', '')")

	proxy.Stall()
	proxy.Stall()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "INSERT INTO passed DEFAULT VALUES")
		done <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if late, err := pgx.Connect(ctx, proxy.URL()); err == nil {
		_ = late.Close(ctx)
		t.Fatal("connected through a stalled proxy")
	}
	select {
	case err := <-done:
		t.Fatalf("the statement passed a stalled proxy: %v", err)
	default:
	}
	proxy.Resume()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	exec(t, connect(t, proxy.URL()), "SELECT 1")
}

func TestProxyCutsWhatStands(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	proxy := pgtest.NewProxy(t, url)
	direct, cut := connect(t, url), connect(t, proxy.URL())
	proxy.Cut()
	if err := <-answer(t.Context(), cut); err == nil {
		t.Error("the cut connection answers")
	}
	if err := <-answer(t.Context(), direct); err != nil {
		t.Errorf("a connection past the proxy was hit: %v", err)
	}
	exec(t, connect(t, proxy.URL()), "SELECT 1")
}

func TestProxyCutsWhileStalled(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.Empty(t))
	conn := connect(t, proxy.URL())
	proxy.Stall()
	waiting := answer(t.Context(), conn)
	proxy.Cut()
	if err := <-waiting; err == nil {
		t.Error("the cut connection answers")
	}
}

func TestProxyStrandsWhatStands(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	proxy := pgtest.NewProxy(t, url)
	stranded := connect(t, proxy.URL())
	pid := stranded.PgConn().PID()
	proxy.Strand()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := <-answer(ctx, stranded); err == nil {
		t.Error("the stranded connection answers")
	}
	again := connect(t, proxy.URL())
	var sessions int
	err := again.QueryRow(t.Context(), `select count(*) from pg_stat_activity where pid = $1`, pid).Scan(&sessions)
	if err != nil || sessions != 1 {
		t.Errorf("the server knows of %d sessions of a client who is gone, want 1 still: %v", sessions, err)
	}
}

func TestProxyRefusesNewConnectionsOnly(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.Empty(t))
	conn := connect(t, proxy.URL())
	proxy.Refuse(true)
	if late, err := pgx.Connect(t.Context(), proxy.URL()); err == nil {
		_ = late.Close(t.Context())
		t.Error("connected through a refusing proxy")
	}
	exec(t, conn, "SELECT 1")
	proxy.Refuse(false)
	exec(t, connect(t, proxy.URL()), "SELECT 1")
	_ = conn.Close(t.Context())
	pgtest.Eventually(t, time.Minute, func() error {
		if proxy.Connections() > 1 {
			return errors.New("the closed connection is still counted")
		}
		return nil
	})
}
