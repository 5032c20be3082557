package daemon_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// poll takes what a game server has not been given yet.
func (n *node) poll(gamemode string) []string {
	n.t.Helper()
	text := n.must(http.MethodPost, "/api/getStaffMessages", fmt.Sprintf(`{"server": %q}`, gamemode)).field("messages")
	if text == nil {
		n.t.Fatal("a poll without messages")
	}
	return linesOf(text.(string))
}

// linesOf returns the texts of a poll's messages.
func linesOf(messages string) (texts []string) {
	for line := range strings.SplitSeq(messages, "\n") {
		if _, after, ok := strings.Cut(line, "[white]: "); ok {
			texts = append(texts, after)
		}
	}
	return texts
}

// given polls until exactly these texts have come, in this order and each once, and
// nothing else comes.
func (n *node) given(gamemode string, want ...string) {
	n.t.Helper()
	var got []string
	pgtest.Eventually(n.t, waitTimeout, func() error {
		texts := n.poll(gamemode)
		got = append(got, texts...)
		if len(texts) > 0 || len(got) < len(want) {
			return fmt.Errorf("%s was given %q, want %q", gamemode, got, want)
		}
		return nil
	})
	if !slices.Equal(got, want) {
		n.t.Errorf("%s was given %q, want %q", gamemode, got, want)
	}
}

// speaks makes the node know the game servers, by a poll of each. Before that its
// positions must have been read, or the poll would not count.
func (n *node) speaks(gamemodes ...string) *node {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		if !n.ChatPositions() {
			return fmt.Errorf("node %s has not read the positions", n.name)
		}
		return nil
	})
	for _, gamemode := range gamemodes {
		n.poll(gamemode)
	}
	return n
}

func (n *node) says(endpoint, gamemode, text string) {
	n.t.Helper()
	a := n.must(http.MethodPost, "/api/"+endpoint, fmt.Sprintf(
		`{"message": %q, "playerName": "[red]Steve", "cleanedName": "Steve", "server": %q, "isStaff": true}`, text,
		gamemode,
	))
	if data := a.field("data"); data == nil || data == false {
		n.t.Errorf("%s answers %s", endpoint, a.body)
	}
}

const sendV2 = "sendStaffMessage/v2"

func TestStaffChatReachesEveryOtherServer(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	run(t, psql, `insert into staff_message (server, text) values ('discord', 'before anyone asked')`)
	a.sent(1)
	b.sent(1)
	a.speaks("attack")
	b.speaks("pvp", "survival")
	a.says(sendV2, "attack", "one")
	b.says(sendV2, "pvp", "two")
	a.says("sendStaffMessage", "attack", "three")
	run(t, psql, `insert into staff_message (server, name, text) values ('discord', 'Steve', 'four')`)
	a.must(http.MethodPost, "/v1/staff-messages", `{"server": "discord", "name": "Steve", "text": "five"}`)
	a.given("attack", "two", "three", "four", "five")
	b.given("pvp", "one", "three", "four", "five")
	b.given("survival", "one", "two", "three", "four", "five")
	if page := a.get("/v1/staff-messages?after=1&limit=2"); page.field("next") != "3" ||
		!strings.Contains(string(page.body), `"two"`) {
		t.Errorf("scrollback: %s", page.body)
	}
	noneMissed(t, a, b)
}

// sent waits until the node has received so many messages in all.
func (n *node) sent(count int) {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		if messages, _ := n.Chat(); messages != int64(count) {
			return fmt.Errorf("node %s knows %d messages, want %d", n.name, messages, count)
		}
		return nil
	})
}

func TestStaffChatIsPushed(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	from := b.Events().LastID()
	large := strings.Repeat("é", 4000) // too large to travel
	a.says(sendV2, "attack", "one")
	a.says(sendV2, "attack", large)
	a.says(sendV2, "attack", "three")
	run(t, psql,
		`delete from staff_message where id = 1;
		insert into staff_message (server, text) select 'attack', i::text from generate_series(4, 50) as i`)
	var got []string
	pgtest.Eventually(t, waitTimeout, func() error {
		answer := b.get("/v1/events?types=chat&wait=10s&after=" + from)
		from = answer.header.Get("Syncer-Last-Event-Id")
		for _, event := range strings.Split(string(answer.body), `"text":"`)[1:] {
			text, _, _ := strings.Cut(event, `"`)
			got = append(got, text)
		}
		if len(got) < 50 {
			return fmt.Errorf("%d messages", len(got))
		}
		return nil
	})
	want := []string{"one", large, "three"}
	for i := 4; i <= 50; i++ {
		want = append(want, fmt.Sprint(i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("pushed were %.200q", got)
	}
}

// Of four that poll at once, two hang up before they have their answers.
func TestPollsAtOnceGiveEachMessageOnce(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a := start(t, url, "a").ready().speaks("pvp")
	run(t, psql, `insert into staff_message (server, text) select 'attack', i::text from generate_series(101, 160) i`)
	a.sent(60)
	body := []byte(`{"server": "pvp"}`)
	var given [4][]string
	var polls errgroup.Group
	for n := range given {
		polls.Go(func() error {
			p := newPlugin(a.api(), "pvp", "pvp", 7000, 1)
			for range 20 {
				if n%2 == 0 {
					text, _, err := p.once("getStaffMessages", body)
					if err != nil {
						return err
					}
					given[n] = append(given[n], linesOf(answer{body: text}.field("messages").(string))...)
				} else if answer := p.cut("getStaffMessages", body, len(body)); answer != nil {
					given[n] = append(given[n], linesOf(answer.field("messages").(string))...)
				}
			}
			return nil
		})
	}
	if err := polls.Wait(); err != nil {
		t.Fatal(err)
	}
	got := slices.Concat(given[:]...)
	got = append(got, a.poll("pvp")...)
	got = append(got, a.poll("pvp")...)
	slices.Sort(got)
	var want []string
	for i := range 60 {
		want = append(want, fmt.Sprint(101+i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("given were %q", got)
	}
}

// The JDK sends a request again when its connection breaks.
func TestChatMessageSentTwiceIsOne(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a := start(t, url, "a").ready().speaks("pvp")
	for range 2 {
		a.says(sendV2, "attack", "one")
	}
	a.given("pvp", "one")
	if n := one[int](t, psql, `select count(*)::int from staff_message`); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestChatSurvivesARestart(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a := start(t, url, "a").ready().speaks("pvp", "pvp")
	run(t, psql, `insert into staff_message (server, text) values ('attack', 'before')`)
	a.given("pvp", "before")
	eventuallyRow(t, psql,
		`select coalesce(max(delivered), 0) from staff_delivery where sidecar = 'a' and gamemode = 'pvp'`, int64(1))
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	run(t, psql, `insert into staff_message (server, text) values ('attack', 'meanwhile'), ('attack', 'and again')`)
	a = start(t, url, "a").ready()
	a.given("pvp", "meanwhile", "and again")
	a.given("a new gamemode")
}

func TestWebhookGetsChatAndModerationLog(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	arrived := make(chan string, 10)
	discord := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- string(body)
	}))
	t.Cleanup(discord.Close)
	a := start(t, url, "a", func(c *daemon.Config) { c.Webhook.URL = discord.URL }).ready()
	a.says(sendV2, "attack", "help")
	a.must(http.MethodPost, "/v1/staff-messages", `{"server": "discord", "text": "from there"}`)
	for range 2 { // the second is the same sent again
		if answer := a.must(http.MethodPost, "/api/mod-dump",
			`{"message": "Steve was stopped <@1>"}`); len(answer.body) > 0 {
			t.Errorf("mod-dump answers %s", answer.body)
		}
	}
	for _, want := range []string{
		`{"content":"[attack] Steve: help","allowed_mentions":{"parse":[]}}`,
		`{"content":"Steve was stopped \u003c@1\u003e","allowed_mentions":{"parse":[]}}`,
	} {
		if got := <-arrived; got != want {
			t.Errorf("the webhook got %s, want %s", got, want)
		}
	}
	if n := one[int](t, psql, `
		select count(*)::int from mod_log
		where message = 'Steve was stopped <@1>' and source = 'game server 127.0.0.1'`); n != 1 {
		t.Errorf("%d entries in the log", n)
	}
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	close(arrived)
	for extra := range arrived {
		t.Errorf("the webhook also got %s", extra)
	}
}
