package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
	"playersync/syncer/sidecar"
)

var (
	_ Patterns  = (*sidecar.Patterns)(nil)
	_ Blacklist = (*sidecar.Blacklist)(nil)
	_ ModLog    = (*sidecar.ModLog)(nil)
)

// fakeModeration is name patterns and the blacklist.
type fakeModeration struct {
	patterns  []mindustry.AntibotPattern
	addresses []mindustry.BlacklistedAddress
	by        syncer.Attribution
	text      string
	fail      error
}

func (f *fakeModeration) AntibotPatterns(context.Context) ([]mindustry.AntibotPattern, error) {
	return f.patterns, f.fail
}

func (f *fakeModeration) SetPattern(
	ctx context.Context, kind mindustry.PatternKind, pattern, by string,
) (mindustry.AntibotPattern, error) {
	f.by = syncer.Attribution{By: by}.Or(syncer.AttributionOf(ctx))
	set := mindustry.AntibotPattern{Kind: kind, Pattern: pattern, SetAt: syncer.TimeOf(testNow), SetBy: f.by.By}
	return set, cmp.Or(mindustry.CheckNamePattern(pattern), syncer.CheckAuthor("by", by))
}

func (f *fakeModeration) ClearPattern(_ context.Context, kind mindustry.PatternKind) error {
	if kind == mindustry.PatternGraylist {
		return syncer.NotFound("no %s pattern is set", kind)
	}
	return f.fail
}

func (f *fakeModeration) Blacklisted(
	_ context.Context, text, after string, size int,
) (page []mindustry.BlacklistedAddress, err error) {
	f.text = text
	for _, a := range f.addresses {
		if a.Address > after && len(page) < size {
			page = append(page, a)
		}
	}
	return page, f.fail
}

func (f *fakeModeration) Add(ctx context.Context, add []string, by string) error {
	f.by = syncer.Attribution{By: by}.Or(syncer.AttributionOf(ctx))
	for _, address := range add {
		f.addresses = append(f.addresses, mindustry.BlacklistedAddress{Address: address, AddedBy: f.by.By})
	}
	return cmp.Or(f.fail, syncer.CheckAuthor("by", by))
}

func (f *fakeModeration) Remove(_ context.Context, address string) error {
	for _, a := range f.addresses {
		if a.Address == address {
			return f.fail
		}
	}
	return syncer.NotFound("%q is not blacklisted", address)
}

// fakeModLog is the moderation log.
type fakeModLog struct {
	entries []mindustry.ModEntry
	filter  mindustry.ModLogFilter
	page    sidecar.Page
}

func (f *fakeModLog) List(
	_ context.Context, filter mindustry.ModLogFilter, page sidecar.Page,
) ([]mindustry.ModEntry, string, error) {
	f.filter, f.page = filter, page
	return f.entries, "more", filter.Validate()
}

func (f *fakeModLog) Add(_ context.Context, source, message string) error {
	entry := mindustry.ModEntry{Number: 7, At: syncer.TimeOf(testNow), Source: source, Message: message}
	f.entries = append(f.entries, entry)
	return entry.Validate()
}

func TestAntibotPatterns(t *testing.T) {
	t.Parallel()
	fake := &fakeModeration{}
	f := newFixture(t, func(_ *Config, d *Deps) { d.Patterns = fake })
	var list wire.NamePatterns
	f.ask(t, "GET", "/v1/antibot-patterns", "").wants(http.StatusOK).into(&list)
	if list.Patterns == nil || len(list.Patterns) != 0 {
		t.Errorf("none are %+v", list)
	}
	fake.patterns = []mindustry.AntibotPattern{{Kind: mindustry.PatternBlacklist, Pattern: "a", SetBy: "Alice"}}
	f.ask(t, "GET", "/v1/antibot-patterns", "").wants(http.StatusOK).into(&list)
	if len(list.Patterns) != 1 || list.Patterns[0].Pattern != "a" || list.Patterns[0].SetBy != "Alice" {
		t.Errorf("one is %+v", list)
	}
	var set wire.NamePattern
	const path = "/v1/antibot-patterns/blacklist"
	f.ask(t, "PUT", path, `{"pattern":"bot\\d+"}`, "Syncer-By: Alice").wants(http.StatusOK).into(&set)
	if set.Kind != mindustry.PatternBlacklist || set.Pattern != `bot\d+` || set.SetBy != "Alice" {
		t.Errorf("set %+v", set)
	}
	f.ask(t, "PUT", path, `{"pattern":"x","by":"Bob"}`, "Syncer-By: Alice").wants(http.StatusOK).into(&set)
	if set.SetBy != "Bob" {
		t.Errorf("set %+v", set)
	}
	for _, body := range []string{`{"pattern":"(bot"}`, `{}`, `{"by":"x"}`} {
		f.ask(t, "PUT", path, body).problem(http.StatusUnprocessableEntity).names(t, "pattern")
	}
	f.ask(t, "PUT", "/v1/antibot-patterns/greylist", `{"pattern":"x"}`).
		problem(http.StatusUnprocessableEntity).names(t, "kind")
	f.ask(t, "DELETE", path, "").wants(http.StatusNoContent)
	f.ask(t, "DELETE", "/v1/antibot-patterns/graylist", "").problem(http.StatusNotFound)
}

func TestBlacklist(t *testing.T) {
	t.Parallel()
	fake := &fakeModeration{}
	f := newFixture(t, func(_ *Config, d *Deps) { d.Blacklist = fake })
	const path = "/v1/blacklisted-addresses"
	f.ask(t, "POST", path, `{"addresses":["198.51.100.7","<unknown>/a"]}`, "Syncer-By: Alice").
		wants(http.StatusNoContent)
	var page wire.BlacklistPage
	f.ask(t, "GET", path+"?limit=1&text=x", "").wants(http.StatusOK).into(&page)
	if len(page.Addresses) != 1 || page.Addresses[0].AddedBy != "Alice" || page.Next == nil || fake.text != "x" {
		t.Fatalf("a page is %+v", page)
	}
	f.ask(t, "GET", path+"?limit=1&after="+*page.Next, "").wants(http.StatusOK).into(&page)
	if len(page.Addresses) != 1 || page.Addresses[0].Address != "<unknown>/a" || page.Next != nil {
		t.Errorf("the last page is %+v", page)
	}
	f.ask(t, "DELETE", path+"/%3Cunknown%3E%2Fa", "").wants(http.StatusNoContent)
	f.ask(t, "DELETE", path+"/nothing", "").problem(http.StatusNotFound)
	f.ask(t, "DELETE", path+"/a%0A", "").problem(http.StatusUnprocessableEntity).names(t, "address")
	for body, field := range map[string]string{
		`{}`: "addresses", `{"addresses":"x"}`: "addresses", `{"addresses":["a",""]}`: "addresses[1]",
		`{"addresses":["a\n"]}`: "addresses[0]", `{"addresses":["` + strings.Repeat("x", 256) + `"]}`: "addresses[0]",
		`{"addresses":[1]}`: "addresses[0]", `{"addresses":["203.0.113"]}`: "addresses[0]",
		`{"addresses":["a","203.0.113.0/24"]}`: "addresses[1]",
	} {
		f.ask(t, "POST", path, body).problem(http.StatusUnprocessableEntity).names(t, field)
	}
}

func TestModerationLog(t *testing.T) {
	t.Parallel()
	fake := &fakeModLog{}
	f := newFixture(t, withTokens, func(_ *Config, d *Deps) { d.ModLog = fake })
	const path, general, other = "/v1/moderation-log", "Authorization: Bearer general", "Authorization: Bearer other"
	f.ask(t, "POST", path, `{"message":"Steve was stopped"}`, general).wants(http.StatusNoContent)
	f.ask(t, "POST", path, `{"message":"m","source":"Alice"}`, general).wants(http.StatusNoContent)
	f.ask(t, "POST", path, `{"message":"m"}`, other).wants(http.StatusNoContent)
	for i, source := range []string{testHome.Name, "Alice", testOther.Name} {
		if fake.entries[i].Source != source {
			t.Errorf("entry %d is from %q, want %q", i, fake.entries[i].Source, source)
		}
	}
	f.ask(t, "POST", path, `{"message":"m","source":"Alice"}`, other).problem(http.StatusForbidden).names(t, "source")
	var page wire.ModLogPage
	f.ask(t, "GET", path+"?source=a&text=b&from=2d&to=1d&limit=7&after=9", "", general).
		wants(http.StatusOK).into(&page)
	if len(page.Entries) != 3 || page.Entries[0].ID != 7 || *page.Next != "more" || fake.filter.Source != "a" ||
		fake.filter.Text != "b" || fake.filter.Since != syncer.TimeOf(testNow.AddDate(0, 0, -2)) ||
		fake.page != (sidecar.Page{Size: 7, After: "9"}) {
		t.Errorf("a page is %+v of %+v %+v", page, fake.filter, fake.page)
	}
	f.ask(t, "GET", path+"?from=1d&to=2d", "", general).problem(http.StatusBadRequest).names(t, "to")
	for _, body := range []string{`{}`, `{"message":""}`, `{"message":"a\u0000"}`} {
		f.ask(t, "POST", path, body, general).problem(http.StatusUnprocessableEntity).names(t, "message")
	}
}

func TestModerationEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	from := f.events.LastID()
	f.events.Publish(changefeed.Event{
		Type: changefeed.EventAntibot,
		Row:  &mindustry.AntibotPattern{Kind: mindustry.PatternBlacklist, Pattern: "a", SetBy: "Alice"},
	})
	f.events.Publish(changefeed.Event{
		Type: changefeed.EventBlacklist, Row: &mindustry.BlacklistRow{Address: "198.51.100.7", Listed: true},
	})
	f.events.Publish(changefeed.Event{
		Type: changefeed.EventModeration, Row: &mindustry.ModEntry{Number: 7, Source: "pvp", Message: "m"},
	})
	var got []struct {
		Type changefeed.EventType
		Data json.RawMessage
	}
	f.ask(t, "GET", "/v1/events?types=antibot,blacklist,moderation&wait=0s&after="+from, "").
		wants(http.StatusOK).into(&got)
	for i, want := range []string{
		`{"kind":"blacklist","pattern":"a","setAt":null,"setBy":"Alice"}`,
		`{"address":"198.51.100.7","listed":true}`,
		`{"id":7,"at":null,"source":"pvp","message":"m"}`,
	} {
		if i >= len(got) || string(got[i].Data) != want {
			t.Fatalf("event %d of %s, want %s", i, got, want)
		}
	}
}
