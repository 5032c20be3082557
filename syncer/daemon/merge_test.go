package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

// TestTwoServersAtOnce is the table of example scenarios that the network's documents
// give, with whole records sent on leaving, stale ones as well.
func TestTwoServersAtOnce(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	atA, atB := body(a.join(steve, "Steve"), "player"), body(b.join(steve, "Steve"), "player")

	a.must(http.MethodPatch, player(steve), `{"rank": "mod"}`)
	patched := b.must(http.MethodPatch, player(steve),
		`{"flags": {"add": ["trusted"]}, "history": [{"action": "trusted", "by": "Steve"}]}`)
	if patched.field("rank") != "mod" {
		t.Errorf("server b sets a flag and does not see the new rank: %s", patched.body)
	}
	atB["highlight"], atB["stats"] = "[blue]", map[string]any{"blocks": 3}
	b.must(http.MethodPost, player(steve)+"/leave", encode(t, atB))
	atA["language"], atA["stats"] = "en", map[string]any{"blocks": 4}
	a.must(http.MethodPost, player(steve)+"/leave", encode(t, atA))

	for _, n := range []*node{a, b} {
		n.sees(steve, "mod", "rank")
		n.sees(steve, []string{"trusted"}, "flags")
		n.sees(steve, "[blue]", "highlight")
		n.sees(steve, "en", "language")
	}
	for _, n := range []*node{a, b} {
		if got := body(n.join(steve, "Steve"), "player")["globalStats"]; fmt.Sprint(got) != "map[blocks:7]" {
			t.Errorf("node %s sums up to %v", n.name, got)
		}
	}
	equal(t, psql, cast{players: []string{steve}}, a, b)
	noneMissed(t, a, b)
}

// body returns an object of an answer's body.
func body(a answer, path ...string) map[string]any {
	object, _ := a.field(path...).(map[string]any)
	return object
}

func encode(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// together sends one request through each node at the same time.
func together(t *testing.T, nodes []*node, path string, request func(i int) (body string, headers []string)) []answer {
	t.Helper()
	answers, errs := make([]answer, len(nodes)), make([]error, len(nodes))
	var group sync.WaitGroup
	for i, n := range nodes {
		body, headers := request(i)
		group.Go(func() { answers[i], errs[i] = n.try(http.MethodPatch, path, body, headers...) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

// Of those that set a field under the condition of the same revision one succeeds.
func TestIfMatchLetsOneThrough(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	nodes := []*node{start(t, url, "a").ready(), start(t, url, "b").ready(), start(t, url, "c").ready()}
	run(t, psql, `insert into player (uuid) values ('`+steve+`')`)
	for round := range 30 {
		equal(t, psql, cast{players: []string{steve}}, nodes...)
		tag := nodes[0].get(player(steve)).header.Get("ETag")
		field := []string{"rank", "highlight"}[round%2]
		answers := together(t, nodes, player(steve), func(i int) (string, []string) {
			return fmt.Sprintf(`{%q: "%d by %d"}`, field, round, i), []string{"If-Match", tag}
		})
		winner := -1
		for i, a := range answers {
			switch {
			case a.status == http.StatusOK && winner < 0:
				winner = i
			case a.status != http.StatusPreconditionFailed:
				t.Fatalf("round %d, node %d: %d %s, after node %d", round, i, a.status, a.body, winner)
			}
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody succeeded", round)
		}
		if got, want := one[string](t, psql, `select `+field+` from player`), fmt.Sprintf("%d by %d",
			round, winner); got != want {
			t.Fatalf("the row says %q, the answers %q", got, want)
		}
	}
	noneMissed(t, nodes...)
}

// Whoever changes one field leaves the others alone.
func TestDifferentFieldsAtOnce(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	nodes := []*node{start(t, url, "a").ready(), start(t, url, "b").ready(), start(t, url, "c").ready()}
	for _, n := range nodes {
		n.join(steve, "Steve")
	}
	for round := range 30 {
		bodies := []string{
			fmt.Sprintf(`{"rank": "r%d"}`, round),
			fmt.Sprintf(`{"flags": {"add": ["f%d"]}, "language": "l%d"}`, round, round),
			fmt.Sprintf(`{"attributes": {"round": %d}, "highlight": "h%d"}`, round, round),
		}
		for i, a := range together(t, nodes, player(steve), func(i int) (string, []string) { return bodies[i], nil }) {
			if a.status != http.StatusOK {
				t.Fatalf("node %d: %d %s", i, a.status, a.body)
			}
		}
		want := fmt.Sprintf("r%[1]d l%[1]d h%[1]d %[1]d %[2]d", round, round+1)
		pgtest.Eventually(t, waitTimeout, func() error {
			got := one[string](t, psql,
				`select concat_ws(' ', rank, language, highlight, attributes ->> 'round', cardinality(flags))
				from player`)
			if got != want {
				return fmt.Errorf("the row says %q, want %q", got, want)
			}
			return nil
		})
	}
	equal(t, psql, cast{players: []string{steve}}, nodes...)
	noneMissed(t, nodes...)
}
