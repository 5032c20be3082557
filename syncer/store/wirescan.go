package store

import (
	"playersync/syncer"
)

// scan reads changes and players as our own SQL writes them, many times faster than
// encoding/json: each of N sidecars decodes every change before it can apply it, and
// a batch of saves is answered by as many players.
// It gives up at anything unknown; encoding/json then reads the whole text. Both agree
// wherever it does not give up.
type scan struct {
	text  string
	at    int
	stuck bool // gave up: nothing read is of use
}

// scanChanges reads an array of changes; ok means that it did not give up.
func scanChanges(text string) (changes []wireChange, ok bool) {
	s := scan{text: text}
	changes = make([]wireChange, 0, 1)
	s.list(func() {
		changes = append(changes, wireChange{})
		s.change(&changes[len(changes)-1])
	})
	return changes, s.ended()
}

// scanChange reads one change; ok means that it did not give up.
func scanChange(text string) (change wireChange, ok bool) {
	s := scan{text: text}
	s.change(&change)
	return change, s.ended()
}

func (s *scan) change(w *wireChange) {
	s.object(func(key string) {
		switch key {
		case "e":
			w.Entity = syncer.Entity(s.known(string(syncer.EntityPlayer), string(syncer.EntityBan)))
		case "k":
			if !s.null() {
				w.Key = s.own()
			}
		case "x":
			w.Xid = uint64(s.natural())
		case "t":
			w.Micros = s.natural()
		case "r":
			w.Revision = s.natural()
		case "p":
			if w.Player != nil { // twice: encoding/json would unite the two
				s.giveUp()
				return
			}
			w.Player = new(syncer.Synced)
			s.player(w.Player)
		case "o":
			open := s.bool()
			w.Open = &open
		case "u":
			w.Expires = s.time()
		default: // h among them, which is rare
			s.giveUp()
		}
	})
}

func (s *scan) player(p *syncer.Synced) {
	s.object(func(key string) {
		switch key {
		case "rank":
			p.Rank = s.own()
		case "flags":
			p.Flags = s.strings()
		case "unmuteTime":
			p.UnmuteTime = s.time()
		case "muteReason":
			p.MuteReason = s.own()
		case "unmarkTime":
			p.UnmarkTime = s.time()
		case "attributes":
			p.Attributes = s.raw()
		case "name":
			p.Name = s.own()
		case "overrideName":
			p.OverrideName = s.optional()
		case "highlight":
			p.Highlight = s.optional()
		case "rainbow":
			if p.Rainbow != nil {
				s.giveUp()
				return
			}
			p.Rainbow = s.rainbow()
		case "chatStrictness":
			p.ChatStrictness = s.known(syncer.StrictnessChat, syncer.StrictnessStrict)
		case "showRankPrefix":
			p.ShowRankPrefix = s.bool()
		case "language":
			p.Language = s.own()
		case "achievements":
			p.Achievements = s.optional()
		default:
			s.giveUp()
		}
	})
}

func (s *scan) rainbow() *syncer.Rainbow {
	if s.null() {
		return nil
	}
	r := new(syncer.Rainbow)
	s.object(func(key string) {
		if key != "speed" {
			s.giveUp()
			return
		}
		r.Speed = int(s.natural())
	})
	return r
}
