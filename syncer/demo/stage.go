package demo

import (
	"context"
	"fmt"
	"time"
)

// Names of those who act.
const (
	survival = "survival"
	pvp      = "pvp"
	psqlName = "psql"
)

// Stage is what chapters are played on, and where they say what happens. It is
// used by one goroutine.
type Stage struct {
	Survival *GameServer
	PvP      *GameServer
	Psql     *Psql

	databaseURL string
	page        *page
	chapter     *ChapterResult
}

// GameServers returns both servers.
func (s *Stage) GameServers() []*GameServer { return []*GameServer{s.Survival, s.PvP} }

// Say prints an explanation, for people only.
func (s *Stage) Say(text string) { s.page.paragraph(text) }

// Blank separates what belongs together from the rest.
func (s *Stage) Blank() { s.page.line() }

// Did prints and records what somebody did or met, and how long that took.
func (s *Stage) Did(by, what string, took time.Duration) {
	s.page.action(s.record(by, what, took))
}

// record keeps a timed step that is printed in another form.
func (s *Stage) record(by, what string, took time.Duration) Step {
	return s.keep(Step{By: by, What: what, Took: new(Millis(took))})
}

// Check verifies a claim: what was got must read like what is wanted.
func (s *Stage) Check(claim string, got, want any) {
	s.page.check(s.keep(verified(Step{What: claim}, got, want)))
}

// DidCheck is Did with a claim: what was got must read like what is wanted.
func (s *Stage) DidCheck(by, what string, took time.Duration, got, want any) {
	s.page.action(s.keep(verified(Step{By: by, What: what, Took: new(Millis(took))}, got, want)))
}

// verified adds to a step how a claim came out.
func verified(step Step, got, want any) Step {
	step.Expected, step.Got = fmt.Sprint(want), fmt.Sprint(got)
	step.Holds = new(step.Expected == step.Got)
	return step
}

func (s *Stage) keep(step Step) Step {
	s.chapter.Steps = append(s.chapter.Steps, step)
	s.chapter.Holds = s.chapter.Holds && (step.Holds == nil || *step.Holds)
	return step
}

// typing is the least time between two statements of a person.
const typing = 100 * time.Millisecond

// Announce runs a statement in psql and waits until both servers were told of the
// news: until an event matches.
func (s *Stage) Announce(ctx context.Context, sql, news string, match func(Event) bool) error {
	if err := wait(ctx, typing); err != nil {
		return err
	}
	marks := []Mark{s.Survival.Mark(), s.PvP.Mark()}
	began := time.Now()
	if err := s.Psql.Run(ctx, sql); err != nil {
		return err
	}
	s.Did(psqlName, sql+";", time.Since(began))
	for _, mark := range marks {
		at, err := mark.Until(ctx, news, match)
		if err != nil {
			return err
		}
		s.Did(mark.server.Name, "is told: "+news, at.Sub(began))
	}
	return nil
}

// wait lets time pass.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
