package sidecar

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"playersync/syncer"
)

// Rows may be so large that a page of them takes too long: then it is shorter, and nothing is
// left out. One row that takes too long is an error.
func TestPageThatTakesTooLongIsShorter(t *testing.T) {
	t.Parallel()
	const fits = 7
	list := func(before int64, size int) (rows []int64, _ error) {
		if size > fits {
			return nil, syncer.Unavailable(fmt.Errorf("list: %w", context.DeadlineExceeded))
		}
		for n := min(before, 101) - 1; n > 0 && len(rows) < size; n-- {
			rows = append(rows, n)
		}
		return rows, nil
	}
	number := func(n int64) int64 { return n }
	var all []int64
	for page := (Page{Size: 50}); ; {
		rows, next, err := numbered(page, number, list)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rows...)
		if page.After = next; next == "" {
			break
		}
	}
	if len(all) != 100 || !slices.IsSortedFunc(all, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("rows %v", all)
	}
	_, _, err := numbered(Page{Size: 1}, number, func(int64, int) ([]int64, error) { return list(1, 2*fits) })
	if !syncer.IsAway(err) {
		t.Errorf("a row that takes too long: %v", err)
	}
}
