package syncer

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The two ways to write a duration: 1y2mo3w4d5h6m7s in either case, and ISO 8601
// P1W, P2DT3H30M15S.
var (
	plainDuration = regexp.MustCompile(
		`^(?i:(?:(\d+)y)?(?:(\d+)mo)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)$`)
	isoDuration = regexp.MustCompile(`^P()()(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)
	isoCalendar = regexp.MustCompile(`^P[^T]*[YM]`)
	capitalM    = regexp.MustCompile(`^\d+(\w*\d)?M(\d|$)`)
	bareNumber  = regexp.MustCompile(`^\d+$`)
	negative    = regexp.MustCompile(`^-[P\d]`)
)

const day = 24 * time.Hour

// A year and a month of a duration have always the same length.
var durationUnits = [...]time.Duration{365 * day, 30 * day, 7 * day, day, time.Hour, time.Minute, time.Second}

// durationForms names the forms in errors.
const durationForms = `must be a duration such as "90m", "36h", "7d", "2w", "1mo" (30 days), "1y" (365 days) or "P7D"`

// endlessError refuses what stands for no end, or is so long that no end is meant.
type endlessError string

func (e endlessError) Error() string { return string(e) }

// IsEndless reports whether an error of [ParseDuration] is about a text that stands for no
// end, or for so long a time that no end is meant, so that a caller says how that is written.
func IsEndless(err error) bool {
	_, endless := errors.AsType[endlessError](err)
	return endless
}

// ParseDuration reads how long something lasts, in either form. A month is 30 days
// and a year 365; ISO 8601, where they differ in length, has neither. The result is
// positive and a whole number of seconds.
func ParseDuration(text string) (time.Duration, error) {
	switch {
	case isoCalendar.MatchString(text):
		return 0, errors.New("has months or years, which in ISO 8601 differ in length; write days (P30D), 1mo or 1y")
	case IsForeverWord(text):
		return 0, endlessError("has no length")
	case capitalM.MatchString(text):
		return 0, errors.New("has an M, which may be minutes or months; write m or mo")
	case negative.MatchString(text):
		return 0, errors.New("must be longer than nothing")
	}
	parts := plainDuration.FindStringSubmatch(text)
	if strings.HasPrefix(text, "P") {
		parts = isoDuration.FindStringSubmatch(text)
	}
	switch {
	case bareNumber.MatchString(text) && strings.Trim(text, "0") == "":
		return 0, errors.New("must be longer than nothing")
	case bareNumber.MatchString(text):
		return 0, fmt.Errorf("has no unit; write %[1]sm for minutes, %[1]sh for hours, %[1]sd for days", text)
	case parts == nil || strings.Join(parts[1:], "") == "" || strings.HasSuffix(text, "T"):
		return 0, errors.New(durationForms)
	}
	seconds := 0.0
	for i, part := range parts[1:] {
		if part == "" {
			continue
		}
		n, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, endlessError("is too long")
		}
		seconds += n * durationUnits[i].Seconds()
	}
	switch {
	case seconds == 0:
		return 0, errors.New("must be longer than nothing")
	case seconds > math.MaxInt64/float64(time.Second)-1:
		return 0, endlessError("is too long")
	}
	return time.Duration(seconds) * time.Second, nil
}

// looksLikeDuration matches what is meant as a duration, right or wrong.
var looksLikeDuration = regexp.MustCompile(`(?i)^-?(\d+|(\d+(y|mo|w|d|h|m|s))+|P\w*)$`)

// LooksLikeDuration reports whether a text is meant as a duration, so that an error says
// what is wrong with it.
func LooksLikeDuration(text string) bool { return looksLikeDuration.MatchString(text) }

// foreverWords are what is written for "without end".
var foreverWords = []string{"forever", "infinity", "perm", "permanent", "permanently", "never"}

// IsForeverWord reports whether a text says "without end": forever, infinity, perm,
// permanent, permanently or never, in either case.
func IsForeverWord(text string) bool { return slices.Contains(foreverWords, strings.ToLower(text)) }
