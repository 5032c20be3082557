//go:build chromium

package console_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// mapsInChromium sorts the maps and looks at one.
func mapsInChromium(t *testing.T, ctx context.Context, s *site) { //nolint:revive // t comes first in tests
	t.Helper()
	s.run(mapRuns)
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/maps"), text("#list", "Frozen"),
		chromedp.Focus(`.sorts a[href*="sort=map"]`), chromedp.KeyEvent(kb.Enter), address("sort=map"),
		text(`.sorts [aria-current]`, "Map"))
	pictures(t, ctx, "maps")
	do(t, ctx, chromedp.Focus(`#list tbody a[href*=Frozen]`), chromedp.KeyEvent(kb.Enter), text("h1", "Map Frozen"),
		text("#list", "early RTV"))
	pictures(t, ctx, "map")
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/health"), text("main", "answers in"))
	pictures(t, ctx, "health")
}
