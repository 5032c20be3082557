package store

import "playersync/syncer"

// scanRecord reads what the SQL function player_record builds into a new player; ok
// means that it did not give up. Else the player must not be used.
func scanRecord(text string, p *syncer.Player) (ok bool) {
	s := scan{text: text}
	synced := false
	s.object(func(key string) {
		switch key {
		case "uuid":
			p.ID = syncer.PlayerID(s.own())
		case "synced":
			if synced { // twice: encoding/json would unite the two
				s.giveUp()
				return
			}
			synced = true
			s.player(&p.Synced)
		case "gamemodes":
			scanMap(&s, p.Gamemodes, s.gamemode)
		case "addresses":
			scanMap(&s, p.Addresses, s.address)
		case "history":
			if len(p.History) > 0 {
				s.giveUp()
				return
			}
			p.History = s.history()
		case "revision":
			p.Revision = s.natural()
		case "createdAt":
			p.CreatedAt = s.time()
		default:
			s.giveUp()
		}
	})
	return s.ended()
}

// scanMap reads the members of an object into a map. It gives up at one that the
// map has.
func scanMap[T any](s *scan, into map[string]T, value func() T) {
	s.object(func(key string) {
		if _, twice := into[key]; twice {
			s.giveUp()
			return
		}
		key = s.keep(key)
		into[key] = value()
	})
}

func (s *scan) gamemode() (g syncer.GamemodeRecord) {
	s.object(func(key string) {
		switch key {
		case "firstJoined":
			g.FirstJoined = syncer.Millis(s.integer())
		case "lastJoined":
			g.LastJoined = syncer.Millis(s.integer())
		case "stats":
			if g.Stats != nil {
				s.giveUp()
				return
			}
			g.Stats = make(map[string]int64, 4)
			scanMap(s, g.Stats, s.integer)
		default:
			s.giveUp()
		}
	})
	return g
}

func (s *scan) address() (a syncer.AddressRecord) {
	s.object(func(key string) {
		if key != "usid" {
			s.giveUp()
			return
		}
		a.USID = s.optional()
	})
	return a
}

func (s *scan) history() []syncer.HistoryEntry {
	entries := []syncer.HistoryEntry{}
	s.list(func() {
		var entry syncer.HistoryEntry
		s.object(func(key string) {
			switch key {
			case "action":
				entry.Action = s.own()
			case "by":
				entry.By = s.own()
			case "time":
				entry.Time = s.time()
			default:
				s.giveUp()
			}
		})
		entries = append(entries, entry)
	})
	return entries
}

// integer reads a whole number.
func (s *scan) integer() int64 {
	if s.word("-") {
		return -s.digits()
	}
	return s.digits()
}
