package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

// Every change is shown with who made it and through what, also those that no audit has.
func TestFeedSaysWhoAndThroughWhat(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(knownPeople)
	b := s.browser().signIn(actor)
	b.send(http.StatusSeeOther, "/console/players/id-1/pay",
		"key", "k", "way", "give", "amount", "8", "currency", "coins", "reason", "prize")
	b.send(http.StatusSeeOther, "/console/bans", "target", "id-1", "reason", "<b>")
	b.send(http.StatusSeeOther, "/console/chat", "text", "who is there?")
	s.run(`update player set language = 'de' where uuid = 'id-2'`)
	shows := func(query string, texts ...string) {
		t.Helper()
		pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
			list := b.wants(http.StatusOK, "GET", "/console/feed?"+query, nil).list()
			for _, text := range texts {
				if !strings.Contains(list, text) {
					return fmt.Errorf("%s does not say %q: %s", query, text, list)
				}
			}
			return nil
		})
	}
	shows("", "&#43;8 coins, now 200: prize", "who is there?", "created", "survival-1", "console_actor", "was changed")
	shows("kind=chat", "who is there?")
	shows("through=survival", "created")
	shows("text=PRIZE", "&#43;8 coins")
	if list := b.wants(http.StatusOK, "GET", "/console/feed?kind=chat", nil).list(); strings.Contains(list, "coins") {
		t.Errorf("the filter lets through %s", list)
	}
}
