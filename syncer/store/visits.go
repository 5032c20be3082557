package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer"
)

// PlayerInfo returns what is known of a player's visits and bans, or not_found.
func (s *Store) PlayerInfo(ctx context.Context, id syncer.PlayerID) (syncer.PlayerInfo, error) {
	rows, err := s.queries.ReadPlayerInfo(ctx, string(id))
	if err != nil {
		return syncer.PlayerInfo{}, readError("read player info", err)
	}
	if len(rows) == 0 {
		return syncer.PlayerInfo{}, syncer.NotFound("no player %q", id)
	}
	var servers []syncer.ServerVisits
	places := map[string]int{}
	for _, row := range rows {
		if row.Kind == "" {
			continue
		}
		place, known := places[row.Server]
		if !known {
			place = len(servers)
			places[row.Server] = place
			servers = append(servers, syncer.ServerVisits{Server: row.Server})
		}
		addVisitRow(&servers[place].Visits, row)
	}
	info := syncer.NewPlayerInfo(id, rows[0].PlayerName, servers)
	info.Bans, err = s.BansOf(ctx, id, info.LatestAddress())
	return info, err
}

func addVisitRow(visits *syncer.Visits, row db.ReadPlayerInfoRow) {
	seen := syncer.Seen{Value: row.Value, Times: row.Times, First: timeOf(row.FirstSeen), Last: timeOf(row.LastSeen)}
	switch row.Kind {
	case "visit":
		visits.Joins, visits.Kicks, visits.First, visits.Last = row.Times, row.Kicks, seen.First, seen.Last
	case "name":
		visits.Names = append(visits.Names, seen)
	case "address":
		visits.Addresses = append(visits.Addresses, seen)
	}
}

// visitPosition is where a page of players by their visits ended.
type visitPosition struct {
	Shared int64     `json:"n,omitempty"`
	At     time.Time `json:"t"`
	ID     string    `json:"u"`
}

// beforeAll is where the first page begins: behind everything that can be.
var beforeAll = visitPosition{Shared: syncer.MaxCounter, At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}

func decodeVisitPosition(after string) (visitPosition, error) {
	if after == "" {
		return beforeAll, nil
	}
	var p visitPosition
	data, err := base64.RawURLEncoding.DecodeString(after)
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err != nil || p.ID == "" {
		return p, syncer.Invalid("after", "is not a position that a page returned as next")
	}
	return p, nil
}

func (p visitPosition) encode() string {
	data, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func (p visitPosition) time() pgtype.Timestamptz { return instantColumn(p.At) }

// InfoByName finds players who joined under a name that contains the text, whatever
// its case: who did so last comes first. After is the position that the page before
// returned, or "". The position returned is "" on the last page. A player who joins
// again between two pages moves to the first.
func (s *Store) InfoByName(
	ctx context.Context, name string, size int, after string,
) ([]syncer.InfoMatch, string, error) {
	position, err := decodeVisitPosition(after)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.queries.SearchInfoByName(ctx, db.SearchInfoByNameParams{
		Pattern:   "%" + likeEscaper.Replace(name) + "%",
		AfterTime: position.time(),
		AfterUuid: position.ID,
		PageSize:  int32(size) + 1,
	})
	if err != nil {
		return nil, "", readError("search names", err)
	}
	matches, next := matchesOf(rows, size)
	return matches, next, nil
}

// InfoByAddress finds players who joined from an address or a range; otherwise it is
// like [Store.InfoByName].
func (s *Store) InfoByAddress(
	ctx context.Context, ip netip.Prefix, size int, after string,
) ([]syncer.InfoMatch, string, error) {
	position, err := decodeVisitPosition(after)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.queries.SearchInfoByAddress(ctx, db.SearchInfoByAddressParams{
		Ip: ip, AfterTime: position.time(), AfterUuid: position.ID, PageSize: int32(size) + 1,
	})
	if err != nil {
		return nil, "", readError("search addresses", err)
	}
	matches, next := matchesOf(rows, size)
	return matches, next, nil
}

func matchesOf[R db.SearchInfoByNameRow | db.SearchInfoByAddressRow](
	rows []R, size int,
) (matches []syncer.InfoMatch, next string) {
	rows, next = cutPage(rows, size, func(row R) string {
		last := db.SearchInfoByNameRow(row)
		return visitPosition{At: last.MatchedAt.Time, ID: last.Uuid}.encode()
	})
	matches = make([]syncer.InfoMatch, len(rows))
	for i, row := range rows {
		r := db.SearchInfoByNameRow(row)
		matches[i] = syncer.InfoMatch{
			ID: syncer.PlayerID(r.Uuid), Name: r.Name, Matched: r.Matched, At: timeOf(r.MatchedAt),
			Joins: r.Joins, Kicks: r.Kicks, First: timeOf(r.FirstSeen), Last: timeOf(r.LastSeen),
		}
	}
	return matches, next
}

// SharingAccounts returns the other players who joined from addresses of a player:
// who shares the most addresses first, then who was seen there last. Pages are as
// with [Store.InfoByName].
func (s *Store) SharingAccounts(
	ctx context.Context, id syncer.PlayerID, size int, after string,
) ([]syncer.SharingAccount, string, error) {
	position, err := decodeVisitPosition(after)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.queries.SharingAccounts(ctx, db.SharingAccountsParams{
		Uuid:        string(id),
		AfterShared: position.Shared,
		AfterTime:   position.time(),
		AfterUuid:   position.ID,
		PageSize:    int32(size) + 1,
	})
	if err != nil {
		return nil, "", readError("find sharing accounts", err)
	}
	rows, next := cutPage(rows, size, func(last db.SharingAccountsRow) string {
		return visitPosition{Shared: last.Shared, At: last.LastSeen.Time, ID: last.Uuid}.encode()
	})
	accounts := make([]syncer.SharingAccount, len(rows))
	for i, row := range rows {
		accounts[i] = syncer.SharingAccount{
			ID:     syncer.PlayerID(row.Uuid),
			Name:   row.Name,
			Shared: row.Shared,
			Last:   timeOf(row.LastSeen),
			Banned: row.Banned,
		}
		for k, ip := range row.Addresses {
			accounts[i].Addresses = append(accounts[i].Addresses, syncer.SharedAddress{
				IP:       ip,
				Times:    row.Times[k],
				OwnTimes: row.OwnTimes[k],
			})
		}
	}
	return accounts, next, nil
}
