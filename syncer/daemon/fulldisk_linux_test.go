package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"golang.org/x/sys/unix"

	"playersync/syncer/postgres/pgtest"
)

// fillDisk lets the sidecar write nothing to files any more, or again whatever it likes. It does
// nothing to one that was killed.
func (p *process) fillDisk(full bool) {
	p.t.Helper()
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if full {
		limit.Cur = 0
	}
	err := unix.Prlimit(p.command.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		p.t.Fatal(err)
	}
}

// A sidecar whose disk is full works while the database is there. Without both it acknowledges
// nothing that it has in memory only, and keeps that nevertheless.
func TestFullDiskOfTheSidecar(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	proxy := pgtest.NewProxy(t, url)
	p := startProcess(t, processConfig{Name: "a", DatabaseURL: proxy.URL()})
	o := &outage{node: p.node, url: url, psql: psql, proxy: proxy}
	leave := func(blocks, want int) {
		t.Helper()
		o.arrive(steve)
		a := o.send(http.MethodPost, player(steve)+"/leave", fmt.Sprintf(`{"stats": {"blocks": %d}}`, blocks))
		if a.status != want {
			t.Errorf("leave with %d: %d %s", blocks, a.status, a.body)
		}
	}
	o.answers()
	o.ready()
	p.fillDisk(true)
	leave(1, http.StatusNoContent)
	o.wantBlocks(steve, 1)

	o.begin()
	leave(10, http.StatusServiceUnavailable)
	o.sees(steve, 10, "stats", "blocks")
	p.fillDisk(false)
	pgtest.Eventually(t, waitTimeout, func() error {
		if o.metric("playersync_outbox_batches") == 0 {
			return errors.New("the save is still in memory only")
		}
		return nil
	})
	p.kill()
	p.start()
	o.answers()
	o.end()
	o.ready()
	pgtest.Eventually(t, waitTimeout, func() error {
		if left := o.metric("playersync_outbox_batches"); left != 0 {
			return fmt.Errorf("%v batches are on disk", left)
		}
		return nil
	})
	o.wantBlocks(steve, 10)
}

// answers waits until a sidecar in a process of its own takes requests.
func (n *node) answers() {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		_, err := n.try(http.MethodGet, "/healthz", "")
		return err
	})
}
