package sidecar

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
)

// slowSteps answer each request with the number of the step, once they are let go. A request
// is "keys what": keys is one or more letters, what says what becomes of it.
type slowSteps struct {
	mu    sync.Mutex
	steps []string // the requests of each, in order
	letGo chan struct{}
	held  chan struct{} // closed when what is locked is free; nil: it is, for who is alone
	err   error         // of all steps
}

// batcher returns one whose requests may share keys.
func (s *slowSteps) batcher() *batcher[string, int] {
	return &batcher[string, int]{
		most: 64, together: s.together, alone: s.alone, lost: unknownOutcome,
		keys: func(asked string) []string {
			keys, _, _ := strings.Cut(asked, " ")
			return strings.Split(keys, "")
		},
	}
}

// begin notes a step, waits and returns its number.
func (s *slowSteps) begin(asked ...string) int {
	s.mu.Lock()
	s.steps = append(s.steps, strings.Join(asked, ", "))
	number := len(s.steps)
	s.mu.Unlock()
	<-s.letGo
	return number
}

// together leaves undone what is locked, answers what is refused, and fails if one is invalid.
func (s *slowSteps) together(_ context.Context, asked []string, answer func(i, number int, err error)) error {
	number := s.begin(asked...)
	for _, what := range asked {
		if strings.HasSuffix(what, "invalid") {
			return syncer.Invalid("what", "is invalid")
		}
	}
	for i, what := range asked {
		switch {
		case s.err != nil || strings.HasSuffix(what, "locked"):
		case strings.HasSuffix(what, "refused"):
			answer(i, 0, errRefused)
		default:
			answer(i, number, nil)
		}
	}
	return s.err
}

func (s *slowSteps) alone(_ context.Context, asked string) (int, error) {
	number := s.begin(asked)
	if s.held != nil && strings.HasSuffix(asked, "locked") {
		<-s.held
	}
	if strings.HasSuffix(asked, "invalid") {
		return 0, syncer.Invalid("what", "is invalid")
	}
	return number, s.err
}

var errRefused = errors.New("refused")

// asker asks in goroutines of its own, one after the other, and keeps the outcomes.
type asker struct {
	t        *testing.T
	b        *batcher[string, int]
	asking   sync.WaitGroup
	mu       sync.Mutex
	outcomes map[string]string
}

func (a *asker) ask(ctx context.Context, requests ...string) {
	a.t.Helper()
	for _, request := range requests {
		a.asking.Go(func() {
			number, err := a.b.one(ctx, request)
			outcome := fmt.Sprint(number)
			if err != nil {
				outcome = codeOrText(err)
			}
			a.mu.Lock()
			defer a.mu.Unlock()
			a.outcomes[request] = outcome
		})
		synctest.Wait()
	}
}

func codeOrText(err error) string {
	if code := syncer.CodeOf(err); code != "" {
		return string(code)
	}
	return err.Error()
}

// want compares the steps and, given as "request: outcome", the outcomes.
func (a *asker) want(s *slowSteps, steps []string, outcomes ...string) {
	a.t.Helper()
	a.asking.Wait()
	if !slices.Equal(s.steps, steps) {
		a.t.Errorf("steps\n\t%s, want\n\t%s", strings.Join(s.steps, "\n\t"), strings.Join(steps, "\n\t"))
	}
	for _, line := range outcomes {
		request, want, _ := strings.Cut(line, ": ")
		if got := a.outcomes[request]; got != want {
			a.t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
}

func newAsker(t *testing.T) (*slowSteps, *asker) {
	s := &slowSteps{letGo: make(chan struct{})}
	return s, &asker{t: t, b: s.batcher(), outcomes: map[string]string{}}
}

// Who is alone does not wait, and who comes meanwhile goes with the others; each keeps its own
// outcome.
func TestEachOfAStepKeepsItsOwnOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, a := newAsker(t)
		a.ask(t.Context(), "a", "b", "c", "d refused", "e locked", "f")
		close(s.letGo)
		a.want(s, []string{"a", "b", "c, d refused, e locked, f", "e locked"},
			"a: 1", "b: 2", "c: 3", "d refused: refused", "e locked: 4", "f: 3")
	})
}

// One that is invalid costs the others nothing but another step.
func TestInvalidRequestFailsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, a := newAsker(t)
		a.ask(t.Context(), "a", "b", "c", "d", "e invalid", "f")
		close(s.letGo)
		a.asking.Wait()
		slices.Sort(s.steps[5:]) // they come at the same time
		a.want(s, []string{"a", "b", "c, d, e invalid, f", "c, d", "e invalid, f", "e invalid", "f"},
			"c: 4", "d: 4", "e invalid: invalid")
	})
}

// As many who wait for somebody else as there may be steps hold nobody up for long.
func TestLoneRequestsThatAreLockedHoldUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, a := newAsker(t)
		s.held = make(chan struct{})
		close(s.letGo)
		a.ask(t.Context(), "a locked", "b locked", "c", "d")
		<-time.After(time.Second)
		a.mu.Lock()
		answered := slices.Sorted(maps.Keys(a.outcomes))
		a.mu.Unlock()
		if want := []string{"c", "d"}; !slices.Equal(answered, want) {
			t.Errorf("answered are %q, want %q", answered, want)
		}
		close(s.held)
		a.want(s, []string{"a locked", "b locked", "c, d"})
	})
}

// Who waits for somebody else holds nobody up with whom an invalid request shared a step.
func TestLockedRequestHoldsUpNobodyAfterAnInvalidOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, a := newAsker(t)
		s.held = make(chan struct{})
		a.ask(t.Context(), "a", "b", "c locked", "d invalid", "e", "f")
		close(s.letGo)
		synctest.Wait()
		a.mu.Lock()
		answered := slices.Sorted(maps.Keys(a.outcomes))
		a.mu.Unlock()
		if want := []string{"a", "b", "d invalid", "e", "f"}; !slices.Equal(answered, want) {
			t.Errorf("answered are %q, want %q", answered, want)
		}
		close(s.held)
		a.asking.Wait()
	})
}

// Requests with a key in common are done in the order in which they came, also behind one that
// waits for two keys.
func TestRequestsOfOneKeyKeepTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, a := newAsker(t)
		a.ask(t.Context(), "a 1", "b 1", "a 2", "bc 2", "c 3", "d 1", "d 2")
		s.letGo <- struct{}{} // "a 1"; then "a 2", "d 1" begin
		synctest.Wait()
		if want := []string{"a 1", "b 1", "a 2, d 1"}; !slices.Equal(s.steps, want) {
			t.Errorf("steps %q, want %q", s.steps, want)
		}
		close(s.letGo)
		a.asking.Wait()
		synctest.Wait() // the steps end after their answers
		position := map[string]int{}
		for i, step := range s.steps {
			for request := range strings.SplitSeq(step, ", ") {
				position[request] = i + 1
			}
		}
		for _, pair := range [][2]string{{"a 1", "a 2"}, {"b 1", "bc 2"}, {"bc 2", "c 3"}, {"d 1", "d 2"}} {
			if position[pair[0]] >= position[pair[1]] {
				t.Errorf("%q came before %q, and was not done before: %q", pair[0], pair[1], s.steps)
			}
		}
		if len(a.b.busy) > 0 || len(a.b.waiting) > 0 || a.b.running > 0 {
			t.Errorf("left over: %d keys, %d requests, %d steps", len(a.b.busy), len(a.b.waiting), a.b.running)
		}
	})
}

// Who gives up before his request is under way did nothing; afterwards nobody knows. The
// others do not notice.
func TestWhoGivesUpLeavesTheOthersTheirAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, a := newAsker(t)
		impatient, giveUp := context.WithCancel(t.Context())
		a.ask(t.Context(), "a")
		a.ask(impatient, "b given up")
		a.ask(t.Context(), "c")
		a.ask(impatient, "d given up")
		giveUp()
		synctest.Wait()
		close(s.letGo)
		a.want(s, []string{"a", "b given up", "c"},
			"a: 1", "c: 3", "b given up: outcome_unknown", "d given up: database_unavailable")
	})
}

// The time that one has is not that of the step: the others get their answer, however late.
func TestDeadlineOfOneIsNotThatOfTheStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, a := newAsker(t)
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		limited := 0
		together := a.b.together
		a.b.together = func(ctx context.Context, asked []string, answer func(i, number int, err error)) error {
			if _, is := ctx.Deadline(); is {
				limited++
			}
			return together(ctx, asked, answer)
		}
		a.ask(t.Context(), "a", "b")
		a.ask(hurried, "c hurried")
		a.ask(t.Context(), "d", "e")
		s.letGo <- struct{}{} // "a"; then those behind it begin together
		s.letGo <- struct{}{}
		synctest.Wait()
		<-time.After(time.Minute)
		close(s.letGo)
		a.want(s, []string{"a", "b", "c hurried, d, e"}, "c hurried: outcome_unknown", "d: 3", "e: 3")
		if limited > 0 {
			t.Error("a step has the time of one of those who asked")
		}
	})
}

// What is too much for the time is read in smaller steps: only who asked for too much by himself
// fails. Afterwards steps grow again.
func TestStepThatTakesTooLongIsDoneInHalves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const fits, endless = 10, 77
		var mu sync.Mutex
		slow, steps, largest := true, 0, 0
		b := batcher[int, int]{most: maxBatch, lost: unknownOutcome, repeats: true}
		b.together = func(_ context.Context, asked []int, answer func(i, a int, err error)) error {
			<-time.After(time.Second) // all have asked
			mu.Lock()
			defer mu.Unlock()
			if slow && (len(asked) > fits || slices.Contains(asked, endless)) {
				steps++
				return syncer.Unavailable(fmt.Errorf("read: %w", context.DeadlineExceeded))
			}
			largest = max(largest, len(asked))
			for i, n := range asked {
				answer(i, n, nil)
			}
			return nil
		}
		var askers sync.WaitGroup
		ask := func(n int, mayFail bool) {
			askers.Go(func() {
				got, err := b.one(t.Context(), n)
				if failed := syncer.IsAway(err); failed != mayFail || !failed && got != n {
					t.Errorf("%d got %d, %v", n, got, err)
				}
			})
		}
		for n := range maxBatch {
			ask(n, n == endless)
		}
		askers.Wait()
		if most := maxBatch / 4; steps > most {
			t.Errorf("%d steps took too long, want at most %d", steps, most)
		}
		slow = false
		for n := range 20 * maxBatch {
			ask(n, false)
		}
		askers.Wait()
		if largest != maxBatch {
			t.Errorf("steps have up to %d requests afterwards, want %d", largest, maxBatch)
		}
	})
}

// The error of a step is everybody's.
func TestErrorOfAStepIsEverybodys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, a := newAsker(t)
		s.err = unknownOutcome(errors.New("cut"))
		a.ask(t.Context(), "a", "b", "c", "d")
		close(s.letGo)
		a.want(s, []string{"a", "b", "c, d"},
			"a: outcome_unknown", "b: outcome_unknown", "c: outcome_unknown", "d: outcome_unknown")
	})
}

// Many who come at once share few steps, which are full; no more than two are under way.
func TestManyWhoAskAtOnceShareSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const many = 1600
		var mu sync.Mutex
		var sizes []int
		running := 0
		letGo := make(chan struct{})
		b := batcher[int, int]{most: maxBatch, lost: unknownOutcome}
		b.together = func(_ context.Context, asked []int, answer func(i, a int, err error)) error {
			mu.Lock()
			sizes = append(sizes, len(asked))
			if running++; running > maxSteps {
				t.Errorf("%d steps run at once", running)
			}
			mu.Unlock()
			<-letGo
			mu.Lock()
			running--
			mu.Unlock()
			for i, n := range asked {
				answer(i, n, nil)
			}
			return nil
		}
		var askers sync.WaitGroup
		for n := range many {
			askers.Go(func() {
				if got, err := b.one(t.Context(), n); err != nil || got != n {
					t.Errorf("%d got %d, %v", n, got, err)
				}
			})
		}
		synctest.Wait()
		close(letGo)
		askers.Wait()
		if most := maxSteps + many/maxBatch + 1; len(sizes) > most || slices.Max(sizes) > maxBatch {
			t.Errorf("steps of %v, want at most %d", sizes, most)
		}
	})
}
