package syncer_test

import (
	"testing"
	"time"

	"playersync/syncer"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "7d": 7 * day, "2w": 14 * day, "36h": 36 * time.Hour, "1s": time.Second,
		"1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second, "100000d": 100_000 * day,
		"P7D": 7 * day, "P2W": 14 * day, "PT1H": time.Hour, "P1DT12H30M1S": 36*time.Hour + 30*time.Minute + time.Second,
		"1mo": 30 * day, "1y": 365 * day, "2Y1MO": 760 * day, "7D": 7 * day, "2H30m": 150 * time.Minute,
		"": 0, "0s": 0, "5": 0, "1.5h": 0, "-1h": 0, "1h1d": 0, " 1d": 0, "1month": 0, "forever": 0, "p7d": 0, "1M": 0,
		"P": 0, "PT": 0, "P1DT": 0, "P1M": 0, "P1Y": 0, "999999999w": 0, "9999999999999999999w": 0,
	} {
		got, err := syncer.ParseDuration(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q is read as %v (%v), want %v", text, got, err, want)
		}
	}
}

func TestParseDurationSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const forms = `must be a duration such as "90m", "36h", "7d", "2w", "1mo" (30 days), "1y" (365 days) or "P7D"`
	for text, want := range map[string]string{
		"P1M":           "has months or years, which in ISO 8601 differ in length; write days (P30D), 1mo or 1y",
		"P1Y2D":         "has months or years, which in ISO 8601 differ in length; write days (P30D), 1mo or 1y",
		"0":             "must be longer than nothing",
		"0d":            "must be longer than nothing",
		"-5d":           "must be longer than nothing",
		"999999999999d": "is too long",
		"50":            "has no unit; write 50m for minutes, 50h for hours, 50d for days",
		"perm":          "has no length",
		"1M":            "has an M, which may be minutes or months; write m or mo",
		"2H30M":         "has an M, which may be minutes or months; write m or mo",
		"tomorrow":      forms,
		"1 d":           forms,
		"":              forms,
	} {
		_, err := syncer.ParseDuration(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if endless := want == "is too long" || want == "has no length"; syncer.IsEndless(err) != endless {
			t.Errorf("%q means no end: %t", text, !endless)
		}
	}
}

func TestIsForeverWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"forever": true, "perm": true, "Permanent": true, "PERMANENTLY": true, "infinity": true, "never": true,
		"": false, "1y": false, "ever": false,
	} {
		if syncer.IsForeverWord(text) != want {
			t.Errorf("%q means without end: %t", text, !want)
		}
	}
}

// Whatever is read as a duration is positive, whole seconds, and no word for ever.
func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{
		"7d", "1y2mo3w4d5h6m7s", "P1W2DT3H4M5S", "PT", "perm", "1M", "-1h", "99999999999w", "٣d",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := syncer.ParseDuration(text)
		if (err == nil) != (got > 0) || got%time.Second != 0 || err == nil && syncer.IsForeverWord(text) {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
		if _, errMoment := syncer.ParseMoment(text); err == nil && errMoment != nil {
			t.Errorf("%q is no time ago: %v", text, errMoment)
		}
	})
}
