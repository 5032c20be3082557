package console

import (
	"cmp"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// newsLength is how many events the overview shows.
const newsLength = 20

// newsItem is an event in words.
type newsItem struct {
	At   time.Time
	Kind string
	Who  string // the player, target or server that it is about; written by strangers
	What string
	More string // written by strangers too
}

// news is the newest events. It is safe for concurrent use.
type news struct {
	mu    sync.Mutex
	items []newsItem // newest first
}

// add takes in an event. A change of the same kind to the same player takes the place of the
// one before.
func (n *news) add(e changefeed.Event) {
	item := inWords(e)
	if item.What == "" {
		return
	}
	item.At, item.Kind = time.Now(), string(e.Type)
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.items) > 0 && n.items[0].Who == item.Who && n.items[0].What == item.What && n.items[0].More == item.More {
		n.items[0].At = item.At
		return
	}
	n.items = append([]newsItem{item}, n.items[:min(len(n.items), newsLength-1)]...)
}

// newest returns the events, newest first.
func (n *news) newest() []newsItem {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]newsItem{}, n.items...)
}

// inWords says what an event tells; nothing to say of a resync.
func inWords(e changefeed.Event) newsItem {
	switch e.Type {
	case changefeed.EventPlayer:
		if e.Gone {
			return newsItem{Who: string(e.ID), What: "was deleted"}
		}
		who := string(e.ID)
		if e.Player != nil {
			who = cmp.Or(e.Player.Name, who)
		}
		return newsItem{Who: who, What: "was changed"}
	case changefeed.EventBalance:
		return newsItem{Who: string(e.ID), What: "has other balances"}
	case changefeed.EventBan:
		return banInWords(e)
	case changefeed.EventChat:
		return newsItem{Who: cmp.Or(e.Message.Name, e.Message.Player), What: "said to the staff:", More: e.Message.Text}
	case changefeed.EventPresence:
		what := "left"
		if e.Online {
			what = "came to"
		}
		return newsItem{Who: cmp.Or(e.Session.Name, string(e.Session.ID)), What: what, More: e.Session.Server}
	case changefeed.EventKick:
		return newsItem{Who: string(e.ID), What: "is to be kicked:", More: cmp.Or(e.Kick.Reason, "no reason given")}
	case changefeed.EventAntibot, changefeed.EventBlacklist, changefeed.EventModeration:
		return rowInWords(e.Row)
	default:
		return newsItem{}
	}
}

func banInWords(e changefeed.Event) newsItem {
	switch {
	case !e.Banned:
		return newsItem{Who: e.Target.String(), What: "is not banned any more"}
	case e.ExpiresAt == (syncer.Time{}):
		return newsItem{Who: e.Target.String(), What: "is banned"}
	default:
		return newsItem{Who: e.Target.String(), What: "is banned until " + day(e.ExpiresAt)}
	}
}

func rowInWords(row changefeed.Row) newsItem {
	switch row := row.(type) {
	case *mindustry.AntibotPattern:
		if row.Pattern == "" {
			return newsItem{Who: string(row.Kind), What: "has no name pattern any more"}
		}
		return newsItem{Who: string(row.Kind), What: "has the name pattern", More: row.Pattern}
	case *mindustry.BlacklistRow:
		if row.Listed {
			return newsItem{Who: row.Address, What: "is blacklisted"}
		}
		return newsItem{Who: row.Address, What: "is not blacklisted any more"}
	case *mindustry.ModEntry:
		return newsItem{Who: row.Source, What: "reports:", More: row.Message}
	default:
		return newsItem{}
	}
}
