package syncer_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"playersync/syncer"
)

func TestTimeAsJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want syncer.Time
		back string
	}{
		{`null`, syncer.Time{}, `null`},
		{`"infinity"`, syncer.Forever, `"infinity"`},
		{`"1970-01-01T00:00:00Z"`, syncer.Millis(0), `"1970-01-01T00:00:00.000Z"`},
		{`"1970-01-01T01:00:00.5+01:00"`, syncer.Millis(500), `"1970-01-01T00:00:00.500Z"`},
		{`"1969-12-31T23:59:59.9999Z"`, syncer.Millis(-1), `"1969-12-31T23:59:59.999Z"`},
		{`"0000-06-01T00:00:00Z"`, syncer.Millis(math.MinInt64), `"0001-01-01T00:00:00.000Z"`},
	} {
		var got syncer.Time
		if err := json.Unmarshal([]byte(c.text), &got); err != nil || got != c.want {
			t.Errorf("%s is read as %v, %v; want %v", c.text, got, err, c.want)
		}
		if back := jsonOf(t, got); back != c.back {
			t.Errorf("%s is written as %s, want %s", c.text, back, c.back)
		}
	}
	for _, bad := range []string{
		`""`, `"none"`, `"-infinity"`, `5`, `true`, `{}`, `"2026-01-01"`, `"2026-01-01 00:00:00Z"`,
		`"10000-01-01T00:00:00Z"`,
	} {
		var got syncer.Time
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s is taken for %v", bad, got)
		}
	}
}

// The database's constraints end with the last millisecond of 9999.
func TestTimesAreClampedToWhatTheDatabaseTakes(t *testing.T) {
	t.Parallel()
	last := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	for _, far := range []syncer.Time{
		syncer.Millis(math.MaxInt64), syncer.TimeOf(last.Add(time.Second)), syncer.TimeOf(time.Unix(1<<62, 0)),
	} {
		if at, ok := far.Instant(); !ok || at.After(last) {
			t.Errorf("%v is later than %v", far, last)
		}
	}
	if kept := syncer.TimeOf(last); kept.String() != "9999-12-31T23:59:59.999Z" {
		t.Errorf("the last millisecond is kept as %v", kept)
	}
	for _, far := range []syncer.Time{syncer.Millis(math.MinInt64), syncer.TimeOf(time.Unix(-1<<62, 0))} {
		if at, ok := far.Instant(); !ok || at.Year() != 1 {
			t.Errorf("%v is not in the year 1", far)
		}
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1000)
	for want, times := range map[bool][]syncer.Time{
		true:  {syncer.Forever, syncer.Millis(1001), syncer.Millis(math.MaxInt64)},
		false: {{}, syncer.Millis(1000), syncer.Millis(999), syncer.Millis(math.MinInt64)},
	} {
		for _, at := range times {
			if at.After(now) != want {
				t.Errorf("%v is after %v: %v", at, now, !want)
			}
		}
	}
	if !syncer.Millis(1000).After(now.Add(-time.Nanosecond)) {
		t.Error("a nanosecond before its end a time has passed")
	}
}

func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"infinity", "2026-11-20T12:00:00.123456Z", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999-12:00", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		parsed, err := syncer.ParseTime(input)
		if err != nil {
			return
		}
		var back syncer.Time
		if err := json.Unmarshal([]byte(jsonOf(t, parsed)), &back); err != nil || back != parsed {
			t.Fatalf("%q is %v, and back %v, %v", input, parsed, back, err)
		}
		if again, err := syncer.ParseTime(parsed.String()); err != nil || again != parsed {
			t.Fatalf("%v is printed as %q", parsed, parsed.String())
		}
		if ms, ok := parsed.Millis(); ok && syncer.Millis(ms) != parsed {
			t.Fatalf("%v is not %d ms", parsed, ms)
		}
	})
}

// text returns v as JSON.
func jsonOf(t interface{ Fatal(...any) }, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
