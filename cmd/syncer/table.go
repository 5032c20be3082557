package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// cutColumns are those that may be shortened to fit a table to its screen; never what one
// would copy, such as ids and addresses. droppedColumns are left out one after another while
// that is not enough; who has an id can do without the name.
var (
	cutColumns = append(strings.Fields("ACTION BY CURRENCY GAMEMODE MAP NAME PATTERN REASON SEEN "+
		"SERVER STATE STATS"), "JOINED AS", "WHAT FOR")
	droppedColumns = []string{
		barHeader,
		"BANNED", "FIRST SEEN", "FIRST JOINED", "THEN LAST", "PLAYER'S TIMES", "TIMES", "JOINS", "NAME",
		"ADDRESSES", "ALIVE SINCE", "GAMEMODE", "BY",
	}
)

// The least widths that columns are cut to: first, and once columns were left out.
const (
	leastCut = 12
	mostCut  = 7
)

// gap is between two columns.
const gap = 2

// table writes rows in columns below a header, nil for none. On a screen that is too
// narrow it shortens texts and leaves columns out, so that no row takes two lines. Without
// a header the last column, which is one of texts, is wrapped instead.
func table(w io.Writer, header []string, rows [][]string) {
	t := textTable{}
	if header != nil {
		t.rows = append(t.rows, header)
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = clean(cell)
		}
		t.rows = append(t.rows, cells)
	}
	t.fit(header, screenWidth(w))
	if header == nil {
		t.wrap(screenWidth(w))
	}
	t.write(w)
}

// sentence prints a line of text without what a terminal would obey. On a screen that is too
// narrow it is wrapped, and set in from its second line on.
func sentence(w io.Writer, format string, args ...any) {
	const indent = "    "
	text, width := clean(fmt.Sprintf(format, args...)), screenWidth(w)
	if uniseg.StringWidth(text) > width {
		text = strings.Join(wrapped(text, max(width-len(indent), leastWrapped)), "\n"+indent)
	}
	fmt.Fprintln(w, text)
}

// screenWidth returns how many columns of text an output has: those of its terminal, or
// what COLUMNS says. Anything else has no end.
func screenWidth(w io.Writer) int {
	if cleaned, ok := w.(cleanWriter); ok {
		w = cleaned.Writer
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		return columns
	}
	if file, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 { //nolint:gosec // a descriptor fits
			return width
		}
	}
	return math.MaxInt
}

// textTable is a table with its header as the first row.
type textTable struct{ rows [][]string }

// widths returns how wide each column is, in columns of the screen.
func (t *textTable) widths() []int {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	return widths
}

// fit makes the table at most so wide, as far as its header lets it.
func (t *textTable) fit(header []string, width int) {
	if t.cut(header, width, leastCut) {
		return
	}
	for _, name := range droppedColumns {
		if t.cut(header, width, leastCut) || name == "NAME" && t.cut(header, width, mostCut) {
			return
		}
		i := slices.Index(header, name)
		if i < 0 || name == "NAME" && !slices.Contains(header, "ID") {
			continue
		}
		for k, row := range t.rows {
			t.rows[k] = slices.Delete(slices.Clone(row), i, i+1)
		}
		header = slices.Delete(slices.Clone(header), i, i+1)
	}
	t.cut(header, width, mostCut)
}

// leastWrapped is the least width that a column of texts is wrapped to.
const leastWrapped = 20

// wrap makes lines of what is too long of the last column.
func (t *textTable) wrap(width int) {
	widths := t.widths()
	before := 0
	for _, w := range widths[:max(len(widths)-1, 0)] {
		before += w + gap
	}
	var rows [][]string
	for _, row := range t.rows {
		last := len(row) - 1
		if len(row) < len(widths) || before+uniseg.StringWidth(row[last]) <= width {
			rows = append(rows, row)
			continue
		}
		for i, line := range wrapped(row[last], max(width-before, leastWrapped)) {
			next := make([]string, len(row))
			if i == 0 {
				copy(next, row)
			}
			next[last] = line
			rows = append(rows, next)
		}
	}
	t.rows = rows
}

// cut shortens what is widest of what may be, down to the least width. It reports whether
// the table fits; if it cannot, it changes nothing.
func (t *textTable) cut(header []string, width, least int) bool {
	widths := t.widths()
	total := -gap
	for _, w := range widths {
		total += w + gap
	}
	for total > width {
		widest := -1
		for i, name := range header {
			if slices.Contains(cutColumns, name) && widths[i] > max(least, len(name)) &&
				(widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return false
		}
		widths[widest]--
		total--
	}
	for _, row := range t.rows {
		for i, cell := range row {
			row[i] = shortened(cell, widths[i])
		}
	}
	return true
}

// shortened returns a text that is at most so wide, with … in place of its rest.
func shortened(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	var kept strings.Builder
	used := 1 // the dots
	for graphemes := uniseg.NewGraphemes(text); graphemes.Next() && used+graphemes.Width() <= width; {
		used += graphemes.Width()
		kept.WriteString(graphemes.Str())
	}
	return kept.String() + "…"
}

// write writes the rows, each column as wide as its widest cell.
func (t *textTable) write(w io.Writer) {
	widths := t.widths()
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell)+gap))
			}
		}
		fmt.Fprintln(w, line.String()) // a closed output ends the process soon enough
	}
}
