//go:build chromium

package console_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// moderationInChromium watches the feed, writes to the staff and looks after what keeps
// attackers out.
func moderationInChromium(t *testing.T, ctx context.Context, s *site) { //nolint:revive // t comes first in tests
	t.Helper()
	key := func(keys string) chromedp.Action { return chromedp.KeyEvent(keys) }
	s.run(documentedModeration)
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/feed"), text("#list", "+8 coins, now 200"))
	pictures(t, ctx, "feed")
	do(t, ctx, chromedp.Focus(`#pause`), key(" "))
	s.run(`update player set rank = 'paused' where uuid = 'steven'`)
	do(t, ctx,
		chromedp.Focus(`#pause`), key(" "), text("#list", "paused"),
		chromedp.Navigate(s.URL()+"/console/chat"), chromedp.WaitVisible(`input[name=text]:focus`),
		key("I look after it"), key(kb.Enter), text("#list", "I look after it"))
	s.run(`insert into staff_message (server, name, text) values ('pvp', 'Alice', 'thank you')`)
	do(t, ctx, text("#list", "thank you"))
	pictures(t, ctx, "chat")
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/moderation"), text("#list", "stopped"))
	pictures(t, ctx, "moderation")
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/patterns"), text("#list", "no pattern"),
		chromedp.Focus(`form[action$=blacklist] input[name=pattern]`), key("bot[0-9]+"), key(kb.Enter),
		text("#list", "bot[0-9]+"))
	pictures(t, ctx, "patterns")
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/blacklist"), chromedp.Focus(`textarea`), key("198.51.100.9"),
		key(kb.Tab), key(kb.Enter), text("#list", "198.51.100.9"))
	pictures(t, ctx, "blacklist")
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/usids"), text("#list", "01234-2"))
	pictures(t, ctx, "usids")
	do(t, ctx, chromedp.Focus(`#list input[type=checkbox]`), key(" "), key(kb.Tab), key(kb.Enter),
		text("#list", "Nobody waits"))
}

// documentedModeration is what the pictures show.
const documentedModeration = `
	insert into mod_log (token, source, message)
		select gen_random_uuid(), 'pvp-1',
			'Alice stopped Player ' || i || ' for 2h: spam' from generate_series(1, 9) as i;
	insert into usid_rejection (code, uuid, address, usid)
		values ('01234-2', 'steve', '203.0.113.1:6567', 'a secret')`
