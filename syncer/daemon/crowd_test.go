package daemon_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// crowdSize is how many others change something at the same time: two steps of the database are
// under way then, and the next one is shared.
const crowdSize = 3

// crowd is players of whom something changes at the same moment as of those whom a test is about,
// so that what a sidecar commits together holds both.
type crowd struct {
	t       *testing.T
	psql    *pgx.Conn
	changes atomic.Int64
}

func newCrowd(t *testing.T, psql *pgx.Conn) *crowd {
	t.Helper()
	run(t, psql, fmt.Sprintf(`
		insert into player (uuid) select 'crowd ' || n from generate_series(1, %d) as n`, crowdSize))
	return &crowd{t: t, psql: psql}
}

// around does something while the crowd changes on a sidecar.
func (c *crowd) around(n *node, do func()) {
	var changing sync.WaitGroup
	for i := range crowdSize {
		changing.Go(func() {
			change := fmt.Sprintf(`{"rank": "rank %d"}`, c.changes.Add(1))
			a, err := n.try(http.MethodPatch, player(fmt.Sprint("crowd ", i+1)), change)
			if err != nil || a.status != http.StatusOK {
				c.t.Errorf("change of the crowd: %d %s %v", a.status, a.body, err)
			}
		})
	}
	do()
	changing.Wait()
}

// wantShared expects that others of whom the audit tells were changed in one transaction with
// somebody of the crowd.
func (c *crowd) wantShared() {
	c.t.Helper()
	if one[int](c.t, c.psql, `
		select count(*) from (
			select from audit
			where uuid is not null
			group by xmin
			having bool_or(uuid like 'crowd %') and bool_or(uuid not like 'crowd %')
		) as shared`) == 0 {
		c.t.Error("nothing was committed together with the crowd")
	}
}
