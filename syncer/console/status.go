package console

import (
	"html/template"
	"time"
)

// Health is how this sidecar does, from memory.
type Health struct {
	Following bool      // memory follows the database
	Reason    string    // if not: what is wrong
	Current   time.Time // memory held everything committed by then; zero: never yet
	Started   time.Time // when this sidecar was started

	FoundByPoll int64         // changes whose notification never came
	P50, P99    time.Duration // of the time from a commit until it was applied here; 0: none yet

	Outbox  int // batches of saves that wait on disk
	Waiting int // small writes that do
	Unsaved int // players with changes that are not stored yet
}

// State says in a word how the database and memory stand: live, catching-up or away.
func (h Health) State() string {
	switch {
	case h.Following:
		return "live"
	case h.Current.IsZero():
		return "catching-up"
	default:
		return "away"
	}
}

// statusPart is what every page says of how new it is.
func (c *Console) statusPart() template.HTML { return c.part("status", c.deps.Health()) }
