package syncer_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"playersync/syncer"
)

func TestCountRangesLieOnWholeSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, 4e9).Draw(t, "from")
		r := syncer.CountRange{
			From: time.Unix(from, rapid.Int64Range(0, 999_999_999).Draw(t, "ns")),
			To:   time.Unix(from+rapid.Int64Range(1, 1e6).Draw(t, "length"), 0).Add(time.Second),
			Step: time.Duration(rapid.IntRange(0, 360).Draw(t, "step")) * syncer.CountSlot,
			Sum:  rapid.Bool().Draw(t, "sum"),
		}
		got, err := r.Normalize()
		if err != nil {
			t.Fatal(err)
		}
		if r.Step == 0 && !r.Sum {
			if got != r {
				t.Fatalf("a range without steps became %+v", got)
			}
			return
		}
		step := int64(got.Step / time.Second)
		if got.From.UnixNano()%(step*1e9) != 0 || got.To.Unix()%step != 0 || got.From.After(r.From) ||
			got.To.Before(r.To) ||
			r.From.Sub(got.From) >= got.Step || got.To.Sub(r.To) >= got.Step {
			t.Fatalf("%v to %v became %v to %v by %v", r.From, r.To, got.From, got.To, got.Step)
		}
	})
}

func TestCountReportsAreChecked(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	good := syncer.CountReport{Server: "pvp", Players: 3, At: syncer.TimeOf(now.Add(30 * time.Second))}
	if err := good.Validate(now); err != nil {
		t.Errorf("a clock that is a little ahead: %v", err)
	}
	if want := time.Date(2030, 1, 2, 3, 4, 0, 0, time.UTC); !good.Slot().Equal(want) {
		t.Errorf("slot %v, want %v", good.Slot(), want)
	}
	for field, spoil := range map[string]func(r *syncer.CountReport){
		"server":  func(r *syncer.CountReport) { r.Server = "" },
		"players": func(r *syncer.CountReport) { r.Players = -1 },
		"at":      func(r *syncer.CountReport) { r.At = syncer.TimeOf(now.Add(2 * time.Minute)) },
	} {
		r := good
		spoil(&r)
		wantInvalid(t, r.Validate(now), field)
	}
	good.At = syncer.Time{}
	wantInvalid(t, good.Validate(now), "at")
}
