package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/mindustry"
	"playersync/syncer/store"
)

func TestFurtherTablesTell(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	listener := listen(t, url)
	for _, test := range []struct {
		sql  string
		want []string
	}{
		{
			`insert into blacklisted_address (address) values ('b'), ('a')`,
			[]string{"blacklisted_address a open", "blacklisted_address b open"},
		},
		{`insert into blacklisted_address (address) values ('a') on conflict do nothing`, nil},
		{`update blacklisted_address set address = 'c' where address = 'b'`, []string{"blacklisted_address *"}},
		{
			`with gone as (delete from blacklisted_address where address = 'a' returning address)
				insert into blacklisted_address select address from gone`,
			[]string{"blacklisted_address a", "blacklisted_address a open"},
		},
		{`delete from blacklisted_address where address = 'a'`, []string{"blacklisted_address a closed"}},
		{`delete from blacklisted_address where address = 'a'`, nil},
		{
			`insert into blacklisted_address select 'a' || i from generate_series(1, 1001) as i`,
			[]string{"blacklisted_address *"},
		},
		{`truncate blacklisted_address`, []string{"blacklisted_address *"}},
		{`insert into antibot_pattern (kind, pattern) values ('graylist', 'a')`, []string{"antibot_pattern *"}},
		{`update antibot_pattern set pattern = 'b'`, []string{"antibot_pattern *"}},
		{`delete from antibot_pattern`, []string{"antibot_pattern *"}},
		{`delete from antibot_pattern`, nil},
		{`truncate antibot_pattern`, []string{"antibot_pattern *"}},
		{`insert into staff_message (server, text) values ('pvp', 'x')`, []string{"staff_message 1"}},
		{
			`insert into staff_message (server, text) select 'pvp', 'x' from generate_series(1, 100)`,
			[]string{"staff_message *"},
		},
		{`update staff_message set text = 'y' where id = 1`, []string{"staff_message *"}},
		{`delete from staff_message where id = 1`, []string{"staff_message *"}},
		{`delete from staff_message where id = 1`, nil},
		{`truncate staff_message`, []string{"staff_message *"}},
		{`insert into mod_log (message) values ('a'), ('b')`, []string{"mod_log 1", "mod_log 2"}},
		{`insert into mod_log (message) select 'a' from generate_series(1, 1001)`, []string{"mod_log *"}},
		{`update mod_log set message = 'b'`, nil},
		{`truncate mod_log`, nil},
		{`insert into kick (uuid) select 'a' from generate_series(1, 1001)`, []string{"kick *"}},
		{`delete from kick`, nil},
		{`alter table kick alter id restart; insert into kick (uuid) values ('a')`, []string{"kick 1"}},
		{`delete from kick`, nil},
	} {
		run(t, conn, "delete from change")
		run(t, conn, test.sql)
		t.Log(test.sql)
		expectEqual(t, shown(listener.notified()), append([]string{}, test.want...))
		var bare []string
		for _, text := range test.want {
			bare = append(bare, strings.Join(strings.Fields(text)[:2], " "))
		}
		expectEqual(t, column[string](t, conn, recorded), append([]string{}, bare...))
	}
}

// notifiedMessage is a message as it travels; without text it was too large.
type notifiedMessage struct {
	Message struct {
		ID    int64
		After int64
		Text  string
	} `json:"m"`
}

func TestMessagesTravelWithTheOneBefore(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	listener := psql(t, url)
	run(t, listener, "listen playersync")
	run(t, conn, `insert into staff_message (server, text) values ('pvp', 'one'), ('pvp', 'two')`)
	run(t, conn, `insert into staff_message (server, text) values ('pvp', repeat('日', 4000))`)
	run(t, conn, `insert into staff_message (server, text) values ('pvp', 'four')`)
	var got []string
	for len(got) < 4 {
		notification, err := listener.WaitForNotification(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var messages []notifiedMessage
		if err := json.Unmarshal(unsigned(t, notification.Payload), &messages); err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			got = append(got, fmt.Sprint(m.Message.ID, " ", m.Message.After, " ", m.Message.Text))
		}
	}
	if want := []string{"1 0 one", "2 1 two", "0 0 ", "4 3 four"}; !slices.Equal(got, want) {
		t.Errorf("notified of %q, want %q", got, want)
	}
}

func TestMessageSentTwiceIsOne(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{MaxConnections: 8})
	ctx := context.Background()
	m := syncer.StaffMessage{Server: "pvp", Name: "Steve", Player: "[red]Steve", IsStaff: true, Text: "help"}
	var once sync.WaitGroup
	created := make(chan bool, 8)
	for range 8 {
		once.Go(func() {
			_, isNew, err := s.SendStaffMessage(ctx, m)
			if err != nil {
				t.Error(err)
			}
			created <- isNew
		})
	}
	once.Wait()
	close(created)
	news := 0
	for isNew := range created {
		if isNew {
			news++
		}
	}
	conn := psql(t, url)
	if n := value[int](t, conn, "select count(*)::int from staff_message"); n != 1 || news != 1 {
		t.Errorf("%d messages, %d of them new, want one", n, news)
	}
	other := m
	other.Name = "Alex"
	for _, again := range []syncer.StaffMessage{other, {Server: "pvp", Text: "help"}} {
		if sent, isNew, err := s.SendStaffMessage(ctx, again); err != nil || !isNew || sent.Number == 0 ||
			sent.SentAt.IsZero() {
			t.Errorf("%+v, %v, %v", sent, isNew, err)
		}
	}
	run(t, conn, "update staff_message set sent_at = sent_at - interval '6 s'")
	if _, isNew, err := s.SendStaffMessage(ctx, m); err != nil || !isNew {
		t.Errorf("the same words later: %v, %v", isNew, err)
	}
}

// Numbers have the order of the commits, so that a position in the chat misses
// nothing.
func TestMessagesAreNumberedInTheOrderOfCommits(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{MaxConnections: 8})
	ctx := context.Background()
	reader := psql(t, url)
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for i := range 40 {
				if _, _, err := s.SendStaffMessage(ctx, syncer.StaffMessage{
					Server: "pvp", Text: fmt.Sprint(sender, i),
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var seen []int64
	last := func() int64 {
		if len(seen) == 0 {
			return 0
		}
		return seen[len(seen)-1]
	}
	done := make(chan struct{})
	go func() {
		senders.Wait()
		close(done)
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		seen = append(seen,
			column[int64](t, reader, "select id from staff_message where id > $1 order by id", last())...)
	}
	if all := value[int](t, reader, "select count(*)::int from staff_message"); len(seen) != all || all != 320 {
		t.Errorf("a reader that follows the numbers saw %d of %d messages", len(seen), all)
	}
}

func TestStaffChatIsRead(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	ctx := context.Background()
	conn := psql(t, url)
	run(t, conn,
		`insert into staff_message (server, text, sent_at)
		select 'pvp', i::text, now() - (5 - i) * interval '10 days' from generate_series(1, 5) as i`)
	texts := func(after int64, size int) []string {
		messages, err := s.StaffMessagesAfter(ctx, after, size)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, m := range messages {
			all = append(all, m.Text)
		}
		return all
	}
	expectEqual(t, texts(0, 2), []string{"4", "5"})
	expectEqual(t, texts(1, 2), []string{"2", "3"})
	expectEqual(t, column[string](t, conn, "select text from staff_chat limit 2"), []string{"5", "4"})
	_, rows, err := follow(t, s).ReadTable(ctx, syncer.EntityStaffMessage)
	if err != nil || len(rows) != 1 || rows[0].(*syncer.StaffMessage).Text != "5" {
		t.Errorf("held are %+v, %v; want those of the last day", rows, err)
	}
	if err := s.PruneStaffChat(ctx); err != nil {
		t.Fatal(err)
	}
	expectEqual(t, texts(0, 10), []string{"3", "4", "5"})
}

func TestStaffDeliveries(t *testing.T) {
	t.Parallel()
	s, _ := open(t, store.Options{})
	ctx := context.Background()
	for _, delivered := range []map[string]int64{{"pvp": 1, "attack": 2}, {"pvp": 3}} {
		if err := s.SaveStaffDeliveries(ctx, "a", delivered); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SaveStaffDeliveries(ctx, "b", map[string]int64{"pvp": 9}); err != nil {
		t.Fatal(err)
	}
	delivered, err := s.StaffDeliveries(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	expectEqual(t, delivered, map[string]int64{"pvp": 3, "attack": 2})
}

func TestModEntryIsStoredOnce(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	entry := mindustry.ModEntry{
		Token: [16]byte{1}, At: syncer.Millis(1795177673478), Source: "127.0.0.1", Message: "Steve was stopped <@1>",
	}
	for range 2 {
		if err := s.AddModEntry(context.Background(), entry); err != nil {
			t.Fatal(err)
		}
	}
	expectEqual(t, column[string](t, psql(t, url), "select message from mod_log"), []string{entry.Message})
}

func TestModLogIsListedNewestFirst(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	run(t, psql(t, url), `
		insert into mod_log (at, source, message)
		values ('2030-01-01', 'pvp', 'Steve was stopped'), ('2030-01-02', 'pvp', 'Alex was freed'),
			('2030-01-03', 'hexed', 'steve left')`)
	day := func(n int) syncer.Time { return syncer.TimeOf(time.Date(2030, 1, n, 0, 0, 0, 0, time.UTC)) }
	for _, test := range []struct {
		filter mindustry.ModLogFilter
		before int64
		want   []int64
	}{
		{mindustry.ModLogFilter{}, math.MaxInt64, []int64{3, 2}},
		{mindustry.ModLogFilter{}, 2, []int64{1}},
		{mindustry.ModLogFilter{Source: "pvp"}, math.MaxInt64, []int64{2, 1}},
		{mindustry.ModLogFilter{Text: "STEVE"}, math.MaxInt64, []int64{3, 1}},
		{mindustry.ModLogFilter{Text: "%"}, math.MaxInt64, nil},
		{mindustry.ModLogFilter{Since: day(2), Until: day(3)}, math.MaxInt64, []int64{2}},
	} {
		entries, err := s.ModLog(context.Background(), test.filter, test.before, 2)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, e := range entries {
			got = append(got, e.Number)
		}
		expectEqual(t, got, test.want)
	}
	_, rows, err := follow(t, s).ReadTable(context.Background(), syncer.EntityModLog)
	if err != nil || len(rows) != 3 || rows[0].(*mindustry.ModEntry).Message != "Steve was stopped" {
		t.Errorf("read %+v, %v", rows, err)
	}
}

// A row is not told of by what stands for the whole of its table.
func TestManyChangesCarryNoRow(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	listener := psql(t, url)
	run(t, listener, "listen playersync")
	run(t, conn, `insert into kick (uuid) select 'a' from generate_series(1, 1001)`)
	notification, err := listener.WaitForNotification(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(notification.Payload, `"q"`) {
		t.Errorf("notified %s", notification.Payload)
	}
}
