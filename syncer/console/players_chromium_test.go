//go:build chromium

package console_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// playersInChromium finds a player, edits him while somebody else does, and sees what happens
// elsewhere.
func playersInChromium(t *testing.T, ctx context.Context, s *site) { //nolint:revive // t comes first in tests
	t.Helper()
	key := func(keys string) chromedp.Action { return chromedp.KeyEvent(keys) }
	s.run(documentedPlayers)
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/players"), text("#list", "Player 3"))
	pictures(t, ctx, "players")
	do(t, ctx,
		chromedp.Focus(`input[name=text]`), key("steve"), key(kb.Enter), address("text=steve&by=&server="),
		text("#list", "Steven"),
		chromedp.Focus(`#list tbody a`), key(kb.Enter), text("h1", "Steve"), text("#facts", "for 3 days more"),
	)
	pictures(t, ctx, "player")
	s.run(`update player set rank = 'trusted' where uuid = 'steve'`)
	do(t, ctx,
		text("#facts", "trusted"),
		chromedp.SetValue(`input[name=rank]`, "mods"), chromedp.Focus(`input[name=rank]`), key(kb.Enter),
		text(".problem", "Somebody else has changed it"),
		chromedp.WaitVisible(`input[name=rank][value=mods]`),
		chromedp.Focus(`input[name=rank]`), key(kb.Enter), address("told=edited"), text("#facts", "mods"),
		chromedp.Focus(`textarea[name=note]`), key("talked to him"), key(kb.Tab), key(kb.Enter),
		address("told=noted"), text("#facts", "talked to him"), chromedp.Reload(), text("#facts", "talked to him"),
		chromedp.Focus(`input[name=amount]`), key("8"), key(kb.Enter), text("#facts", "200 coins"),
	)
	if got := s.row(`select rank from player where uuid = 'steve'`); got != "mods" {
		t.Errorf("the rank is %q", got)
	}
}

// documentedPlayers is whom the pictures show.
const documentedPlayers = `
	insert into player (uuid, name, rank, flags, unmute_time, mute_reason, gamemodes) values
		('steve', 'Steve', 'mod', '{builder,veteran}', now() + interval '3 days 1 hour', 'spam',
			'{"survival": {"lastJoined": 1900000000000, "stats": {"blocksBroken": 4711, "gamesWon": 12, "joins": 80}},
			  "pvp": {"lastJoined": 1890000000000, "stats": {"gamesWon": 3, "joins": 9}}}'),
		('steven', 'Steven', 'player', '{}', null, '', '{}');
	insert into player (uuid, name) select 'id-' || i, 'Player ' || i from generate_series(1, 9) as i;
	insert into player_history (uuid, action, by) values ('steve', 'warned for spam', 'Alice');
	insert into player_visit (uuid, server, joins, kicks) values
		('steve', 'pvp-1', 9, 1), ('steve', 'survival-1', 80, 0);
	insert into player_name (uuid, server, name) values ('steve', 'pvp-1', 'Steve'), ('steve', 'pvp-1', 'OldSteve');
	insert into player_address (uuid, server, ip) values
		('steve', 'pvp-1', '198.51.100.7'), ('steve', 'pvp-1', '2001:db8::7'), ('steven', 'pvp-1', '198.51.100.7');
	insert into currency (name) values ('coins');
	insert into balance (uuid, currency, amount) values ('steve', 'coins', 192);
	insert into ban (uuid, reason) values ('steven', 'alt account')`
