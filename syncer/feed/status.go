package feed

import (
	"sync"
	"time"

	"playersync/syncer/changefeed"
)

// Status says how far memory can be trusted.
type Status struct {
	Following   bool             // memory follows the database
	Reason      string           // if not: what is wrong and what to do
	Silence     string           // why the fan-out brings no notifications, so that polls are frequent; "": it does
	Current     time.Time        // memory held everything committed by then (local, monotonic); zero: never yet
	Epoch       changefeed.Epoch // of the database that memory is a copy of; empty: none yet
	ClockOffset time.Duration
}

// Status returns the present state. It may be called from any goroutine.
func (f *Feed) Status() Status { return f.state.read() }

// Now returns the time by the database's clock, as estimated from polls, and the
// local time before the first poll. It may be called from any goroutine.
func (f *Feed) Now() time.Time { return f.state.now() }

// Ready returns a channel that is closed after the first complete catch-up.
func (f *Feed) Ready() <-chan struct{} { return f.ready }

// state is what the feed's goroutine shares with all others.
type state struct {
	mu     sync.RWMutex
	status Status
	clock  clock
}

func (s *state) read() Status {
	s.mu.RLock()
	defer s.mu.RUnlock()
	status := s.status
	now := time.Now()
	status.ClockOffset = s.clock.at(now).Sub(now)
	return status
}

func (s *state) now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.clock.at(time.Now())
}

// pollAnswered learns the database's clock from the answer to a poll.
func (s *state) pollAnswered(sent, received, database time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.learn(sent, received, database)
}

// caughtUp records that memory holds everything that was committed before the poll
// was sent. A reason says why changes may have gone unrecorded nevertheless.
func (s *state) caughtUp(sent time.Time, epoch changefeed.Epoch, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Current, s.status.Epoch = sent, epoch
	s.status.Following, s.status.Reason = reason == "", reason
}

// silent records why the fan-out brings no notifications, and returns what was known before.
func (s *state) silent(reason string) (before string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.status.Silence = s.status.Silence, reason
	return before
}

// lost records that memory is no longer kept current, and returns the reason before.
func (s *state) lost(reason string) (before string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.status.Reason
	s.status.Following, s.status.Reason = false, reason
	return before
}

// clock maps local monotonic time to the database's clock, so that steps of the
// local wall clock do not matter. The zero clock shows local time.
type clock struct {
	local       time.Time
	database    time.Time
	uncertainty time.Duration // database is exact to ± this
}

// drift bounds how far two clocks run apart per unit of time.
const drift = 1e-3

func (c *clock) at(local time.Time) time.Time {
	if c.local.IsZero() {
		return local
	}
	return c.database.Add(local.Sub(c.local))
}

// learn takes the database's time, which was read at some moment between sent and
// received. An earlier, more exact value is kept as long as the two agree within
// their uncertainties.
func (c *clock) learn(sent, received, database time.Time) {
	uncertainty := received.Sub(sent) / 2
	middle := sent.Add(uncertainty)
	aged := c.uncertainty + time.Duration(float64(middle.Sub(c.local))*drift)
	agrees := database.Sub(c.at(middle)).Abs() <= uncertainty+aged
	if c.local.IsZero() || uncertainty <= aged || !agrees {
		*c = clock{local: middle, database: database, uncertainty: uncertainty}
	}
}
