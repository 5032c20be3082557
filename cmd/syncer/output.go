package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"playersync/syncer"
)

// print shows a value: as JSON if that was asked for, else as people writes it.
func (a *app) print(value any, people func(w io.Writer)) error {
	if !a.json {
		people(cleanWriter{a.out})
		return nil
	}
	encoder := json.NewEncoder(jsonWriter{a.out})
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// nothing ends a search that found nothing, for a reason: for programs it prints the empty
// list.
func (a *app) nothing(none any, reason error) error {
	if err := a.print(none, func(io.Writer) {}); err != nil {
		return err
	}
	return reason
}

// clean makes text of players harmless for a terminal and for columns.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// cleanWriter makes all that is written harmless for a terminal, lines apart.
type cleanWriter struct{ io.Writer }

// Write writes whole characters.
func (w cleanWriter) Write(p []byte) (int, error) {
	lines := strings.Split(string(p), "\n")
	for i, line := range lines {
		lines[i] = clean(line)
	}
	if _, err := io.WriteString(w.Writer, strings.Join(lines, "\n")); err != nil {
		return 0, err
	}
	return len(p), nil
}

// jsonWriter escapes in JSON what a terminal would obey: control characters, and those that
// turn the direction of text.
type jsonWriter struct{ io.Writer }

// Write writes whole characters.
func (w jsonWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, escapeControls(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// escapeControls returns JSON in which each character that controls something is written
// as \u202e.
func escapeControls(json string) string {
	if strings.IndexFunc(json, controls) < 0 {
		return json
	}
	var out strings.Builder
	for _, r := range json {
		switch {
		case !controls(r):
			out.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		}
	}
	return out.String()
}

// controls reports whether a character is not one to be seen: those of Unicode's category
// C, as control characters and those of direction are, and separators of lines.
func controls(r rune) bool {
	return r != '\n' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
}

// clockLayout is how people read a time.
const clockLayout = "2006-01-02 15:04:05"

// clock shows a time in the local zone; empty is shown for none.
func clock(t syncer.Time, empty string) string {
	switch instant, ok := t.Instant(); {
	case ok:
		return instant.Local().Format(clockLayout)
	case t.IsForever():
		return "for ever"
	default:
		return empty
	}
}

// remaining shows how long it is until a time, in its two largest units.
func remaining(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d == math.MaxInt64: // what is longer is cut to that
		return "more than 292 years"
	}
	d = d.Round(time.Minute)
	units := []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}}
	var parts []string
	for _, unit := range units {
		if n := d / unit.length; n > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
			d %= unit.length
		} else if len(parts) > 0 {
			break
		}
	}
	return strings.Join(parts, " ")
}
