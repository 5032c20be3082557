package main

import (
	"io"
	"slices"
	"strings"

	"playersync/syncer"
)

// barWidth is how many columns of a terminal the longest bar takes.
const barWidth = 20

// eighths are parts of a column, from the left.
var eighths = []rune(" ▏▎▍▌▋▊▉█")

// barHeader stands over a column of bars, which goes first where a screen is narrow.
const barHeader = ""

// hasBars reports whether bars are drawn: for people at a terminal, and in no file or pipe.
func hasBars(w io.Writer) bool {
	if cleaned, ok := w.(cleanWriter); ok {
		w = cleaned.Writer
	}
	return isTerminal(w)
}

// bar draws a value beside the largest one.
func bar(value, largest float64) string {
	if largest <= 0 || value <= 0 {
		return ""
	}
	filled := max(1, int(value/largest*barWidth*8+0.5))
	text := strings.Repeat("█", filled/8)
	if rest := filled % 8; rest > 0 {
		text += string(eighths[rest])
	}
	return text
}

// withBars adds a column with the bar of each row's value.
func withBars(header []string, rows [][]string, values []float64) ([]string, [][]string) {
	largest := 0.0
	for _, value := range values {
		largest = max(largest, value)
	}
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = append(slices.Clip(row), bar(values[i], largest))
	}
	return append(slices.Clip(header), barHeader), out
}

// outcomeBar draws how runs of a map ended: won, lost, voted away late and early.
func outcomeBar(s syncer.MapStats) string {
	if s.Runs <= 0 {
		return ""
	}
	lost := s.Runs - s.Won - s.LateRTVs - s.EarlyRTVs
	var text strings.Builder
	drawn, counted := 0, int64(0)
	for _, part := range []struct {
		count int64
		block string
	}{{s.Won, "█"}, {lost, "▓"}, {s.LateRTVs, "▒"}, {s.EarlyRTVs, "░"}} {
		counted += part.count
		end := int(float64(counted)/float64(s.Runs)*barWidth + 0.5)
		text.WriteString(strings.Repeat(part.block, max(end-drawn, 0)))
		drawn = max(drawn, end)
	}
	return text.String()
}
