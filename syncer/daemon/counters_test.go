package daemon_test

import (
	"fmt"
	"net/http"
	"testing"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// counting is a network of two servers of one gamemode, on which Steve is.
type counting struct {
	*node       // s0
	other *node // s1
	query func() int64
}

func newCounting(t *testing.T) counting {
	t.Helper()
	url, psql := database(t)
	survival := func(c *daemon.Config) { c.Sidecar.Home.Gamemode = "survival" }
	c := counting{
		node: start(t, url, "s0", survival).ready(), other: start(t, url, "s1", survival).ready(),
		query: func() int64 {
			return one[int64](t, psql, `select (gamemodes #>> '{survival,stats,games}')::bigint from player`)
		},
	}
	c.join(steve, "Steve")
	return c
}

// countElsewhere lets Steve play on the other server too.
func (c counting) countElsewhere(games int) {
	c.t.Helper()
	stats := body(c.other.join(steve, "Steve"), "player", "stats")
	before, _ := stats["games"].(float64)
	c.other.must(http.MethodPost, player(steve)+"/leave", fmt.Sprintf(`{"stats": {"games": %d}}`, int(before)+games))
}

func (c counting) leave(save string, headers ...string) {
	c.t.Helper()
	if a := c.send(http.MethodPost, player(steve)+"/leave", save, headers...); a.status != http.StatusNoContent {
		c.t.Fatalf("leave: %d %s", a.status, a.body)
	}
}

func (c counting) patch(change string, headers ...string) answer {
	c.t.Helper()
	a := c.send(http.MethodPatch, player(steve), change, headers...)
	if a.status != http.StatusOK {
		c.t.Fatalf("patch: %d %s", a.status, a.body)
	}
	return a
}

func (c counting) want(games int64) {
	c.t.Helper()
	pgtest.Eventually(c.t, waitTimeout, func() error {
		if unsaved := c.metric("playersync_unsaved_players"); unsaved != 0 {
			return fmt.Errorf("%v players are not saved", unsaved)
		}
		return nil
	})
	if got := c.query(); got != games {
		c.t.Errorf("%d games, want %d", got, games)
	}
}

var page = []string{"User-Agent", "moderators' page"}

// What somebody is answered who asks in the name of a server is not what its game holds.
func TestAnswersToOthersAreNotWhatTheGameHolds(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(c counting){
		"patch by the game itself": func(c counting) { c.patch(`{"rank": "mod"}`) },
		"patch by another":         func(c counting) { c.patch(`{"rank": "mod"}`, page...) },
		"many reads by another": func(c counting) {
			for range 20 {
				c.send(http.MethodGet, player(steve), "", page...)
			}
		},
		"reads by many others": func(c counting) {
			for i := range 20 {
				c.send(http.MethodGet, player(steve), "", "User-Agent", fmt.Sprint("script ", i))
			}
		},
		"many reads by the game itself": func(c counting) {
			for range 20 {
				c.get(player(steve))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounting(t)
			c.countElsewhere(35)
			ask(c)
			c.leave(`{"stats": {"games": 5}}`)
			c.want(40)
		})
	}
}

// Where the numbers do not tell from which state a game counts, the caller and the revision do.
func TestGameThatCountedMuchIsBelieved(t *testing.T) {
	t.Parallel()
	c := newCounting(t)
	c.countElsewhere(35)
	c.patch(`{"rank": "mod"}`, page...)
	c.leave(`{"stats": {"games": 50}}`)
	c.want(85)

	held := body(c.join(steve, "Steve"), "player")
	c.countElsewhere(5)
	c.patch(`{"rank": "admin"}`) // whose answer the game does not take over
	held["stats"] = map[string]any{"games": 85 + 10}
	c.leave(encode(t, held))
	c.want(100)

	c.join(steve, "Steve")
	c.countElsewhere(5)
	held = body(c.patch(`{"rank": "mod"}`)) // whose answer it does take over
	held["stats"] = map[string]any{"games": 105 + 1}
	c.leave(encode(t, held))
	c.want(106)
}

// A game counts on from what it has sent, whether it takes the answer over or not.
func TestCountersThatAreSentMeanwhileAreCountedOnce(t *testing.T) {
	t.Parallel()
	for name, takesOver := range map[string]bool{"taken over": true, "not taken over": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounting(t)
			c.countElsewhere(35)
			games := 5
			for range 3 {
				answer := c.patch(fmt.Sprintf(`{"stats": {"games": %d}}`, games))
				if takesOver {
					games = int(body(answer, "stats")["games"].(float64))
				}
				games += 2
			}
			c.leave(fmt.Sprintf(`{"stats": {"games": %d}}`, games))
			c.want(35 + 5 + 3*2)
		})
	}
}

// Less than what is known is never taken for less.
func TestSmallerCountersTakeNothingAway(t *testing.T) {
	t.Parallel()
	c := newCounting(t)
	c.countElsewhere(35)
	c.patch(`{"stats": {"games": 40}}`)
	c.want(75)
	for _, change := range []string{`{"stats": {"games": 3}}`, `{"stats": {"games": 0}}`, `{"stats": {"games": -5}}`} {
		c.patch(change, page...)
	}
	c.other.must(http.MethodPatch, player(steve), `{"stats": {"games": 7}}`) // where he is not
	c.leave(`{"stats": {"games": 39}}`)
	c.want(75)
}
