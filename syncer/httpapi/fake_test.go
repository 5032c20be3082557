package httpapi

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
	"playersync/syncer/sidecar"
)

// testNow is the database's clock in tests.
var testNow = time.Date(2030, 1, 2, 3, 4, 5, 6e6, time.UTC)

// The configured servers.
var (
	testHome  = syncer.GameServer{Name: "survival-1", Gamemode: "survival", Address: "203.0.113.1:6567"}
	testOther = syncer.GameServer{Name: "sandbox-1", Gamemode: "sandbox", Address: "203.0.113.1:6568"}
)

var (
	_ Players = (*sidecar.Players)(nil)
	_ Bans    = (*sidecar.Bans)(nil)
	_ USIDs   = (*sidecar.USIDs)(nil)
	_ MapRuns = (*sidecar.MapRuns)(nil)

	_ Presence = (*sidecar.Presence)(nil)
)

// fake is the use-cases in memory, without database and merging: what edge cases
// of the HTTP surface need. Each call is kept for the test to look at.
type fake struct {
	mu      sync.Mutex
	players map[syncer.PlayerID]syncer.Player
	bans    []syncer.Ban

	messages []syncer.StaffMessage
	rejected []mindustry.RejectedUSID
	reports  []syncer.CountReport
	exported syncer.CountRange
	counts   []syncer.PlayerCount
	searched string // name or range
	mapRuns  fakeMapRuns

	sessions []*changefeed.SessionRow
	seen     []syncer.LastSeen

	fail error // returned by every call that may fail

	from      syncer.GameServer
	id        syncer.PlayerID
	join      sidecar.JoinRequest
	patch     sidecar.Patch
	ifMatch   *int64
	save      merge.Save
	newBan    syncer.NewBan
	notes     []syncer.BanNote
	records   []syncer.BanRecord
	banChange syncer.BanChange
	target    syncer.Target
	filter    syncer.BanFilter
	address   string // of an approval
	page      sidecar.Page
	by        syncer.Attribution
	calls     int
	block     chan struct{} // if not nil, Player waits for it or its context

	auditFilter syncer.AuditFilter
	reverted    revertInput
}

func newFake() *fake {
	p := syncer.NewPlayer(exampleID)
	p.Revision, p.Name, p.Flags = 42, "[accent]Steve", []string{"trusted"}
	return &fake{players: map[syncer.PlayerID]syncer.Player{exampleID: p}}
}

func (f *fake) called(from syncer.GameServer, id syncer.PlayerID) (syncer.Player, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	f.from, f.id = from, id
	if f.fail != nil {
		return syncer.Player{}, f.fail
	}
	p, ok := f.players[id]
	if !ok {
		return p, syncer.NotFound("no player %q", id)
	}
	return p, nil
}

func (f *fake) Join(
	_ context.Context, from syncer.GameServer, id syncer.PlayerID, r sidecar.JoinRequest,
) (sidecar.JoinResult, error) {
	p, err := f.called(from, id)
	f.join = r
	view := merge.ViewOf(p, from)
	return sidecar.JoinResult{Player: &view, Source: sidecar.FromMemory}, err
}

func (f *fake) Player(
	ctx context.Context, from syncer.GameServer, id syncer.PlayerID, _ func(revision int64) bool,
) (merge.View, sidecar.Source, error) {
	p, err := f.called(from, id)
	if f.block != nil {
		select {
		case <-f.block:
		case <-ctx.Done():
			return merge.View{}, "", ctx.Err()
		}
	}
	return merge.ViewOf(p, from), sidecar.FromMemory, err
}

func (f *fake) Patch(
	ctx context.Context, from syncer.GameServer, id syncer.PlayerID, patch sidecar.Patch, ifMatch *int64,
) (merge.View, error) {
	p, err := f.called(from, id)
	f.patch, f.ifMatch, f.by = patch, ifMatch, syncer.AttributionOf(ctx)
	if err == nil && ifMatch != nil && *ifMatch != p.Revision {
		err = &syncer.Error{Code: syncer.CodeStale, Message: "the player was changed meanwhile"}
	}
	return merge.ViewOf(p, from), err
}

func (f *fake) Leave(_ context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save) error {
	_, err := f.called(from, id)
	f.save = save
	return err
}

func (f *fake) View(from syncer.GameServer, p *syncer.Player) merge.View {
	return merge.ViewOf(*p, from)
}

func (f *fake) Record(_ context.Context, id syncer.PlayerID) (*syncer.Player, sidecar.Source, error) {
	p, err := f.called(syncer.GameServer{}, id)
	return &p, sidecar.FromMemory, err
}

func (f *fake) History(
	_ context.Context, id syncer.PlayerID, _ sidecar.Page,
) ([]syncer.HistoryEntry, string, sidecar.Source, error) {
	p, err := f.called(syncer.GameServer{}, id)
	return p.History, "", sidecar.FromDatabase, err
}

func (f *fake) Search(_ context.Context, name string, page sidecar.Page) ([]syncer.PlayerSummary, string, error) {
	f.page = page
	if f.fail != nil {
		return nil, "", f.fail
	}
	return []syncer.PlayerSummary{{ID: exampleID, Name: name, Rank: "player"}}, "more", nil
}

func (f *fake) Met(from syncer.GameServer, target syncer.Target) []syncer.PlayerID {
	if from.Name == "pvp" && target.ID == "" {
		return []syncer.PlayerID{exampleID}
	}
	return []syncer.PlayerID{}
}

func (f *fake) Staleness() time.Duration { return 3 * time.Millisecond }
func (f *fake) Now() time.Time           { return testNow }

// exampleStranger is the id that no player has.
const exampleStranger = "stranger"

func (f *fake) Impose(_ context.Context, request syncer.NewBan, strangers bool) (syncer.AddedBan, error) {
	f.newBan = request
	added := syncer.AddedBan{Outcome: syncer.BanStands, Known: request.Target.ID != exampleStranger}
	if f.fail != nil || !added.Known && !strangers {
		return added, f.fail
	}
	for _, b := range f.bans {
		if b.Target == request.Target {
			added.Ban = b
			return added, nil
		}
	}
	b := syncer.Ban{
		Number:    1,
		Target:    request.Target,
		Reason:    request.Reason,
		By:        request.By,
		CreatedAt: syncer.TimeOf(testNow),
		ExpiresAt: request.ExpiresAt,
	}
	f.bans = append(f.bans, b)
	added.Ban, added.Outcome = b, syncer.BanMade
	if reach, err := f.PreviewBan(context.Background(), request.Target, 1); err == nil {
		added.Reach = &reach
	}
	return added, nil
}

func (f *fake) CheckBans(_ context.Context, id syncer.PlayerID, address netip.Addr) ([]syncer.Ban, error) {
	var found []syncer.Ban
	for _, b := range f.bans {
		isOfID := b.Target.ID != "" && b.Target.ID == id
		isOfAddress := b.Target.ID == "" && address.IsValid() && b.Target.Prefix.Contains(address)
		if isOfID || isOfAddress {
			found = append(found, b)
		}
	}
	return found, f.fail
}

func (f *fake) Revoke(_ context.Context, target syncer.Target, by, reason string) (syncer.LiftedBan, error) {
	f.target = target
	lifted := syncer.LiftedBan{Target: target, Known: true}
	for i, b := range f.bans {
		if b.Target == target {
			f.bans = append(f.bans[:i], f.bans[i+1:]...)
			b.LiftedAt, b.LiftedBy, b.LiftReason = syncer.TimeOf(testNow), by, reason
			lifted.Ban, lifted.Lifted = b, true
			return lifted, f.fail
		}
		if b.Target.Prefix.IsValid() && target.Prefix.IsValid() && b.Target.Prefix.Overlaps(target.Prefix) {
			lifted.Still = append(lifted.Still, b)
		}
	}
	return lifted, f.fail
}

func (f *fake) Identify(_ context.Context, target syncer.Target) (syncer.IdentifiedTarget, error) {
	return syncer.IdentifiedTarget{Target: target, Known: true}, f.fail
}

func (f *fake) ListBans(_ context.Context, filter syncer.BanFilter, page sidecar.Page) ([]syncer.Ban, string, error) {
	f.filter, f.page = filter, page
	return f.bans, "", f.fail
}

func (f *fake) Ban(_ context.Context, number int64) (syncer.NotedBan, error) {
	if f.fail != nil {
		return syncer.NotedBan{}, f.fail
	}
	if number > int64(len(f.bans)) {
		return syncer.NotedBan{}, syncer.NotFound("there is no ban %d", number)
	}
	return syncer.NotedBan{Ban: f.bans[number-1], Notes: f.notes}, nil
}

func (f *fake) ChangeBan(_ context.Context, _ int64, change syncer.BanChange) (syncer.Ban, error) {
	f.banChange = change
	return syncer.Ban{
		Target:    syncer.TargetID("a"),
		Reason:    change.Reason.Value,
		ExpiresAt: change.ExpiresAt.Value,
	}, f.fail
}

func (f *fake) PreviewBan(_ context.Context, target syncer.Target, size int) (syncer.BanPreview, error) {
	f.target, f.page.Size = target, size
	seen := syncer.SeenPlayer{ID: exampleID, Latest: []string{"198.51.100.7"}, Servers: []string{"pvp"}}
	return syncer.BanPreview{Target: target, Count: 1, Online: 1, Players: []syncer.SeenPlayer{seen}}, f.fail
}

func (f *fake) ExportBans(
	_ context.Context, filter syncer.BanFilter, before int64, size int,
) ([]syncer.BanRecord, int64, error) {
	f.filter, f.page.Size = filter, size
	return f.records, before % 1000, f.fail
}

func (f *fake) Doubts(_ context.Context, records []syncer.BanRecord) (map[int]error, error) {
	doubts := map[int]error{}
	for i, record := range records {
		switch record.Target.ID {
		case "Name":
			doubts[i] = syncer.Invalid("uuid", "is a name")
		case "Nobody":
			doubts[i] = syncer.NotFound("nobody")
		}
	}
	return doubts, f.fail
}

func (f *fake) ImportBans(_ context.Context, records []syncer.BanRecord, trial bool) ([]syncer.ImportedBan, error) {
	if !trial {
		f.records = records
	}
	imported := make([]syncer.ImportedBan, len(records))
	for i := range imported {
		imported[i] = syncer.ImportedBan{Outcome: syncer.ImportAdded, Number: 7}
	}
	return imported, f.fail
}

func (f *fake) AddBanNote(_ context.Context, _ int64, note syncer.BanNote) (syncer.BanNote, error) {
	note.Number, note.At = 1, syncer.TimeOf(testNow)
	f.notes = append(f.notes, note)
	return note, f.fail
}

func (f *fake) Send(_ context.Context, m syncer.StaffMessage, _ bool) (syncer.StaffMessage, error) {
	if f.fail != nil {
		return m, f.fail
	}
	m.Number, m.SentAt = int64(len(f.messages)+1), syncer.TimeOf(testNow)
	f.messages = append(f.messages, m)
	return m, nil
}

func (f *fake) Messages(_ context.Context, after int64, size int) ([]syncer.StaffMessage, error) {
	behind := f.messages[min(int(after), len(f.messages)):]
	return behind[:min(size, len(behind))], f.fail
}

func (f *fake) RejectedUSIDs(_ context.Context, size int) ([]mindustry.RejectedUSID, error) {
	return f.rejected[:min(size, len(f.rejected))], f.fail
}

func (f *fake) ApproveUSID(_ context.Context, code, address string) (mindustry.RejectedUSID, error) {
	f.address = address
	return mindustry.RejectedUSID{
		Code:       code,
		ID:         exampleID,
		Address:    address,
		RejectedAt: syncer.TimeOf(testNow),
	}, f.fail
}

func (f *fake) Kick(_ context.Context, from syncer.GameServer, id syncer.PlayerID) error {
	_, err := f.called(from, id)
	return err
}

func (f *fake) Info(_ context.Context, id syncer.PlayerID) (syncer.PlayerInfo, error) {
	_, err := f.called(syncer.GameServer{}, id)
	return exampleVisits(), err
}

func (f *fake) InfoByName(_ context.Context, name string, page sidecar.Page) ([]syncer.InfoMatch, string, error) {
	f.searched, f.page = name, page
	return []syncer.InfoMatch{{ID: exampleID, Name: "Steve", Matched: []string{name}}}, "more", f.fail
}

func (f *fake) InfoByAddress(
	_ context.Context, ip netip.Prefix, page sidecar.Page,
) ([]syncer.InfoMatch, string, error) {
	f.searched, f.page = ip.String(), page
	return []syncer.InfoMatch{}, "", f.fail
}

func (f *fake) SharingAccounts(
	_ context.Context, id syncer.PlayerID, page sidecar.Page,
) ([]syncer.SharingAccount, string, error) {
	f.id, f.page = id, page
	addresses := []syncer.SharedAddress{{IP: "192.0.2.1", Times: 2, OwnTimes: 3}}
	return []syncer.SharingAccount{{ID: "other", Shared: 1, Banned: true, Addresses: addresses}}, "", f.fail
}

func (f *fake) Report(_ context.Context, report syncer.CountReport) error {
	f.reports = append(f.reports, report)
	return f.fail
}

func (f *fake) Export(_ context.Context, r syncer.CountRange) (syncer.CountRange, []syncer.PlayerCount, error) {
	r, err := r.Normalize()
	f.exported = r
	if err == nil {
		err = f.fail
	}
	return r, append([]syncer.PlayerCount{}, f.counts...), err
}

func (f *fake) Online(server string, after int64, size int) (page []*changefeed.SessionRow, next int64) {
	for _, row := range f.sessions {
		if row.Revision <= after || server != "" && row.Server != server {
			continue
		}
		if len(page) == size {
			return page, page[size-1].Revision
		}
		page = append(page, row)
	}
	return page, 0
}

func (f *fake) Counts() (int, []syncer.OnlineCount) { return changefeed.CountOnline(f.sessions) }

func (f *fake) Of(_ context.Context, id syncer.PlayerID) (now []syncer.Session, before []syncer.LastSeen, err error) {
	for _, row := range f.sessions {
		if row.ID == id {
			now = append(now, row.Session)
		}
	}
	return now, f.seen, f.fail
}

func (f *fake) Servers(context.Context) ([]syncer.ServerOverview, error) {
	return []syncer.ServerOverview{{
		GameServer: testHome,
		Version:    "1",
		Alive:      true,
		Since:      syncer.TimeOf(testNow),
		Players:    len(f.sessions),
	}}, f.fail
}

func (f *fake) Start(from syncer.GameServer) { f.from = from }
