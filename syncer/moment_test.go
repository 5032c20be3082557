package syncer_test

import (
	"strings"
	"testing"
	"time"

	"playersync/syncer"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 31, 18, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2030-01-02T03:04:05Z":      "2030-01-02T03:04:05.000Z",
		"2030-01-02T05:04:05+02:00": "2030-01-02T03:04:05.000Z",
		"7d":                        "2030-01-24T18:00:00.000Z",
		"P1DT6H":                    "2030-01-30T12:00:00.000Z",
		"1MO":                       "2030-01-01T18:00:00.000Z",
	} {
		moment, err := syncer.ParseMoment(text)
		if err != nil || moment.At(now).String() != want {
			t.Errorf("%q: %v, %v, want %s", text, moment.At(now), err, want)
		}
	}
	if at := (syncer.Moment{}).At(now); !at.IsZero() {
		t.Errorf("none is %v", at)
	}
	for text, want := range map[string]string{
		"":         "must be a time",
		"today":    "must be a time",
		"forever":  "must be a time",
		"infinity": "must be a time",
		"0":        "longer than nothing",
		"-7d":      "longer than nothing",
		"1M":       "minutes or months",
		"7":        "has no unit",
	} {
		if _, err := syncer.ParseMoment(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
