package syncer

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The two ways to write a duration: 1w2d3h30m15s, and ISO 8601 P1W, P2DT3H30M15S.
// Months and years are left out, since they differ in length.
var (
	plainDuration = regexp.MustCompile(`^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$`)
	isoDuration   = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)
	isoCalendar   = regexp.MustCompile(`^P[^T]*[YM]`)
)

var durationUnits = [...]time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}

// ParseDuration reads how long something lasts, in either form. The result is
// positive and a whole number of seconds.
func ParseDuration(text string) (time.Duration, error) {
	if isoCalendar.MatchString(text) {
		return 0, errors.New("months and years differ in length; use weeks (P4W) or days (P30D)")
	}
	parts := plainDuration.FindStringSubmatch(text)
	if strings.HasPrefix(text, "P") {
		parts = isoDuration.FindStringSubmatch(text)
	}
	if parts == nil || strings.Join(parts[1:], "") == "" || strings.HasSuffix(text, "T") {
		return 0, errors.New(`must be a duration such as "90m", "36h", "7d", "2w" or "P7D"`)
	}
	seconds := 0.0
	for i, part := range parts[1:] {
		if part == "" {
			continue
		}
		n, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, errors.New("is too long")
		}
		seconds += n * durationUnits[i].Seconds()
	}
	switch {
	case seconds == 0:
		return 0, errors.New("must be longer than nothing")
	case seconds > math.MaxInt64/float64(time.Second)-1:
		return 0, errors.New("is too long; leave it out for no end")
	}
	return time.Duration(seconds) * time.Second, nil
}
