package wire_test

import (
	"testing"

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
