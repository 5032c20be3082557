package syncer

import (
	"time"
)

// Limits of player counts.
const (
	CountSlot      = 4 * time.Minute // one sample per server
	MaxCountStep   = 24 * time.Hour
	MaxPlayerCount = 1_000_000
)

// countTolerance is how far the clock of a game server may be ahead.
const countTolerance = time.Minute

// PlayerCount is the most players that a server had in some time, or the sum of that
// over all servers.
type PlayerCount struct {
	Server  string
	Slot    Time
	Minutes int64
	Players int64
}

// CountReport is the number of players on a server at some moment.
type CountReport struct {
	Server  string `json:"server"`
	Players int    `json:"players"`
	At      Time   `json:"at"`
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (r CountReport) Validate(now time.Time) error {
	if err := CheckName("server", r.Server); err != nil {
		return err
	}
	if r.Players < 0 || r.Players > MaxPlayerCount {
		return Invalid("players", "must be from 0 to %d, is %d", MaxPlayerCount, r.Players)
	}
	at, ok := r.At.Instant()
	if !ok || at.Unix() < 0 {
		return Invalid("at", "must be an instant since 1970")
	}
	if at.After(now.Add(countTolerance)) {
		return Invalid("at", "must not lie in the future")
	}
	return nil
}

// Slot returns the start of the slot that the report falls into.
func (r CountReport) Slot() time.Time {
	at, _ := r.At.Instant()
	return FloorTo(at, CountSlot)
}

// FloorTo returns the last multiple of step since 1970 that is not after t.
func FloorTo(t time.Time, step time.Duration) time.Time {
	seconds, length := t.Unix(), int64(step/time.Second)
	return time.Unix(seconds-((seconds%length)+length)%length, 0).UTC()
}

// CountRange says which player counts are wanted.
type CountRange struct {
	From   time.Time     // the samples that overlap the time from here
	To     time.Time     // to just before here
	Server string        // "": all
	Step   time.Duration // 0: samples as they are stored
	Sum    bool          // the servers together, in steps of [CountSlot] unless Step says more
}

// Between returns the range with these ends: without to until now, without from the day
// before its end.
func (r CountRange) Between(from, to Moment, now time.Time) CountRange {
	r.To = now
	if at, given := to.At(now).Instant(); given {
		r.To = at
	}
	r.From = r.To.AddDate(0, 0, -1)
	if at, given := from.At(now).Instant(); given {
		r.From = at
	}
	return r
}

// Normalize returns the range with the step filled in and its ends on whole steps,
// or an [Error] naming what is wrong.
func (r CountRange) Normalize() (CountRange, error) {
	if r.Server != "" {
		if err := CheckName("server", r.Server); err != nil {
			return r, err
		}
	}
	if r.From.Unix() < 0 || r.To.Year() > 9999 {
		return r, Invalid("from", "must lie between the years 1970 and 9999")
	}
	if !r.From.Before(r.To) {
		return r, Invalid("to", "must be later than from")
	}
	if r.Step == 0 && r.Sum {
		r.Step = CountSlot
	}
	if r.Step == 0 {
		return r, nil
	}
	if r.Step < CountSlot || r.Step > MaxCountStep || r.Step%CountSlot != 0 {
		return r, Invalid("step", "must be a multiple of 4 minutes, up to a day")
	}
	r.From = FloorTo(r.From, r.Step)
	if end := FloorTo(r.To, r.Step); end.Before(r.To) {
		r.To = end.Add(r.Step)
	}
	return r, nil
}
