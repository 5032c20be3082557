package demo

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Columns of a page, in characters.
const (
	pageWidth   = 98
	indent      = "   "
	actorWidth  = 10
	timeWidth   = 10
	actionWidth = pageWidth - len(indent) - actorWidth - timeWidth - 1
	columnGap   = 4
	columnWidth = (pageWidth - len(indent) - columnGap) / 2
)

// page is where the story is printed, for people. A closed output is not the
// story's business.
type page struct {
	out    io.Writer
	colour bool
}

// style is a set of attributes of ECMA-48, as its control sequence has them.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "32"
	yellow style = "33"
	purple style = "35"
	cyan   style = "36"
)

// paint applies a style where colours are wanted.
func (p *page) paint(s style, text string) string {
	if !p.colour || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// line prints one line below the title.
func (p *page) line(parts ...string) {
	text := strings.TrimRight(strings.Join(parts, ""), " ")
	if text != "" {
		text = indent + text
	}
	fmt.Fprintln(p.out, text)
}

// title begins a chapter.
func (p *page) title(number int, text string) {
	fmt.Fprintf(p.out, "\n%s\n", p.paint(bold, fmt.Sprintf("%d  %s", number, text)))
}

// paragraph prints prose.
func (p *page) paragraph(text string) {
	for _, line := range wrap(text, pageWidth-len(indent)) {
		p.line(p.paint(dim, line))
	}
}

// action prints who did what and, at the right, how long it took; in the margin
// stands whether that was right, if it was verified.
func (p *page) action(step Step) {
	lines := wrap(step.What, actionWidth)
	mark, by := p.mark(step.Holds), step.By
	for i, line := range lines {
		took := ""
		if i == len(lines)-1 && step.Took != nil {
			took = p.paint(bold, left(step.Took.String(), timeWidth))
		}
		p.marked(mark, p.paint(styleOf(by), right(by, actorWidth)), right(line, actionWidth), " ", took)
		mark, by = unmarked, ""
	}
	p.mismatch(step, actorWidth)
}

// check prints what was verified, and how that came out.
func (p *page) check(step Step) {
	mark := p.mark(step.Holds)
	for _, line := range wrap(step.What, pageWidth-len(indent)) {
		p.marked(mark, line)
		mark = unmarked
	}
	p.mismatch(step, 0)
}

// mismatch prints what a step that does not hold should have come to.
func (p *page) mismatch(step Step, offset int) {
	if step.Holds == nil || *step.Holds || step.Expected == step.Got {
		return
	}
	for _, entry := range []struct{ name, value string }{{"expected  ", step.Expected}, {"got       ", step.Got}} {
		for _, line := range wrap(entry.value, pageWidth-len(indent)-offset-len(entry.name)) {
			p.line(strings.Repeat(" ", offset), entry.name, p.paint(red, line))
			entry.name = strings.Repeat(" ", len(entry.name))
		}
	}
}

// unmarked is the margin of a line that is not verified.
const unmarked = " "

// mark is the margin of a line that was verified.
func (p *page) mark(holds *bool) string {
	switch {
	case holds == nil:
		return unmarked
	case *holds:
		return p.paint(green, "✓")
	default:
		return p.paint(red, "✗")
	}
}

// marked prints one line with a mark in its margin.
func (p *page) marked(mark string, parts ...string) {
	fmt.Fprintln(p.out, strings.TrimRight(" "+mark+" "+strings.Join(parts, ""), " "))
}

// columns prints a line of the two servers' table.
func (p *page) columns(a, b string, styleA, styleB style) {
	p.line(p.paint(styleA, right(a, columnWidth)), strings.Repeat(" ", columnGap),
		p.paint(styleB, strings.TrimRight(b, " ")))
}

// timed returns a cell of the table with a time at its right end, if there is one.
func timed(text, took string) string {
	return right(text, columnWidth-timeWidth) + left(took, timeWidth)
}

// styleOf gives each actor a colour of its own.
func styleOf(by string) style {
	switch by {
	case survival:
		return green
	case pvp:
		return purple
	case psqlName:
		return yellow
	default:
		return cyan
	}
}

// right fills up with spaces at the right.
func right(text string, width int) string { return text + spaces(text, width) }

// left fills up with spaces at the left.
func left(text string, width int) string { return spaces(text, width) + text }

func spaces(text string, width int) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}

// wrap breaks text at spaces into lines of at most width characters. Longer words
// stay whole.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
