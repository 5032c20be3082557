package wire

import (
	"time"

	"playersync/syncer"
)

// Player is a player as the command line shows him: what all servers share, and what is kept
// per gamemode and per address.
type Player struct {
	UUID syncer.PlayerID `json:"uuid"`
	Shared
	Gamemodes map[string]GamemodeRecord `json:"gamemodes"` // by gamemode
	Addresses map[string]AddressRecord  `json:"addresses"` // by address of the game server
	History   []HistoryEntry            `json:"history"`
	Revision  int64                     `json:"revision"`
	CreatedAt syncer.Time               `json:"createdAt"`
}

// GamemodeRecord is what the servers of one gamemode count of a player.
type GamemodeRecord struct {
	FirstJoined syncer.Time      `json:"firstJoined" doc:"When the player first joined."`
	LastJoined  syncer.Time      `json:"lastJoined" doc:"When the player last joined."`
	Stats       map[string]int64 `json:"stats" doc:"Counters by name."`
}

// Gamemodes is what each gamemode counts of a player.
type Gamemodes struct {
	UUID      syncer.PlayerID           `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"The player's id."`
	Gamemodes map[string]GamemodeRecord `json:"gamemodes" doc:"By gamemode."`
}

// GamemodesOf returns what each gamemode counts of a player. It shares maps of counters with
// him.
func GamemodesOf(p *syncer.Player) Gamemodes { return Gamemodes{p.ID, gamemodesOf(p.Gamemodes)} }

func gamemodesOf(records map[string]syncer.GamemodeRecord) map[string]GamemodeRecord {
	out := make(map[string]GamemodeRecord, len(records))
	for mode, record := range records {
		out[mode] = GamemodeRecord(record)
	}
	return out
}

// AddressRecord is what one game server knows of a player by its address.
type AddressRecord struct {
	USID *string `json:"usid"`
}

// PlayerOf returns the player. It shares maps of counters with him.
func PlayerOf(p syncer.Player) Player {
	out := Player{
		UUID: p.ID, Shared: sharedOf(p.Synced), History: HistoryOf(p.History), Revision: p.Revision,
		CreatedAt: p.CreatedAt,
		Gamemodes: gamemodesOf(p.Gamemodes),
		Addresses: make(map[string]AddressRecord, len(p.Addresses)),
	}
	for address, record := range p.Addresses {
		out.Addresses[address] = AddressRecord(record)
	}
	return out
}

// BannedPlayer is a player, and the bans in force of the id.
type BannedPlayer struct {
	Player
	Bans []Ban `json:"bans"`
}

// BannedPlayerOf returns the message at the given time of the database's clock.
func BannedPlayerOf(p syncer.Player, bans []syncer.Ban, now time.Time) BannedPlayer {
	return BannedPlayer{PlayerOf(p), BansOf(bans, now)}
}

// PlayerOverview is everything that is known of a player, of each list the newest.
type PlayerOverview struct {
	Player
	PlayerPresence
	Balances syncer.Balances  `json:"balances"`
	Info     PlayerInfo       `json:"info"` // names and addresses
	Accounts []SharingAccount `json:"accounts"`
	Bans     []NotedBan       `json:"bans"`
	Audit    []AuditEntry     `json:"audit"`
}
