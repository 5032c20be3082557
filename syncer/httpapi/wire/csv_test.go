package wire_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"playersync/syncer/httpapi/wire"
)

func TestCSVCellIsNoFormula(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`=HYPERLINK("http://x")`: `'=HYPERLINK("http://x")`,
		"@SUM(A1)":               "'@SUM(A1)",
		"+1":                     "'+1",
		"-1":                     "'-1",
		"\t=1":                   "'\t=1",
		"'=1":                    "''=1",
		"＝1":                     "'＝1",
		"\n=1":                   "'\n=1",
		"griefing = bad":         "griefing = bad",
		"'quoted'":               "'quoted'",
		"two\nlines":             "two\nlines",
		"":                       "",
	} {
		if got := wire.CSVCell(text); got != want || wire.FromCSVCell(got) != text {
			t.Errorf("%q becomes %q, want %q, and then %q", text, got, want, wire.FromCSVCell(got))
		}
	}
	if got, want := wire.CSVCell("\x1b[31mred\x00\u202e"), `\u001b[31mred\u0000\u202e`; got != want {
		t.Errorf("control characters become %q, want %q", got, want)
	}
}

// No cell is a formula, and what holds no control characters comes back as it was.
func FuzzCSVCell(f *testing.F) {
	for _, seed := range []string{"=1", "'=1", "''@", "\t=", "a\x1b", "-\u202e", "\n=1", "＝1", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cell := wire.CSVCell(text)
		if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r\n") ||
			strings.ContainsAny(cell, "\x00\x1b\x7f\u202e") {
			t.Errorf("%q is written as %q", text, cell)
		}
		again := wire.FromCSVCell(cell)
		if again != text && !strings.Contains(again, `\u`) && utf8.ValidString(text) {
			t.Errorf("%q comes back as %q", text, again)
		}
	})
}
