//go:build chromium

package console_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// screenshotsEnv names a directory for pictures of every page; empty: none are made.
const screenshotsEnv = "PLAYERSYNC_SCREENSHOTS"

// screens are the sizes at which every page is looked at.
var screens = []struct{ width, height int64 }{{360, 740}, {1024, 768}, {1920, 1080}}

// chromium runs a browser until the test ends. What its pages complain of fails the test.
func chromium(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	chromedp.ListenTarget(ctx, func(event any) {
		switch event := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("a script failed: %s", event.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			// htmx tells of answers that say who is not signed in.
			if event.Type == runtime.APITypeError && !strings.Contains(string(event.Args[0].Value), "Code 401") {
				t.Errorf("a page complains: %s %s", event.Args[0].Value, event.Args[0].Description)
			}
		}
	})
	return ctx
}

func do(t *testing.T, ctx context.Context, actions ...chromedp.Action) { //nolint:revive // t comes first in tests
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// text waits until an element says something.
func text(selector, want string) chromedp.Action {
	return truth(fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.innerText.includes(%q))`,
		selector, want))
}

// address waits until the page of an address is there, whole.
func address(path string) chromedp.Action {
	return truth(fmt.Sprintf(`document.readyState === "complete" && location.href.endsWith(%q)`, path))
}

// truth waits until an expression of JavaScript holds.
func truth(expression string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			var holds bool
			// While the page is left for another one there is none to ask.
			if err := chromedp.Evaluate(expression, &holds).Do(ctx); err == nil && holds {
				return nil
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				return fmt.Errorf("%s does not hold: %w", expression, ctx.Err())
			}
		}
	})
}

// pictures looks at a page: at no size may anything be wider than the screen, and nothing may
// hinder people from using it, light and dark. If pictures are wanted it takes them all.
func pictures(t *testing.T, ctx context.Context, name string) { //nolint:revive // t comes first in tests
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		do(t, ctx, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
		}))
		for _, screen := range screens {
			if scheme == "dark" && os.Getenv(screenshotsEnv) == "" {
				continue // it is as wide as in the light
			}
			var wide string
			do(t, ctx,
				chromedp.EmulateViewport(screen.width, screen.height),
				chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth
					? document.documentElement.scrollWidth + " of " + innerWidth : ""`, &wide),
			)
			if wide != "" {
				t.Errorf("%s at %d: it is wider than the screen: %s", name, screen.width, wide)
			}
			picture(t, ctx, fmt.Sprintf("%s-%d-%s.png", name, screen.width, scheme))
		}
		violations(t, ctx, name, scheme)
	}
	do(t, ctx, chromedp.EmulateViewport(1024, 768))
}

// picture keeps what the whole page looks like, if pictures are wanted.
func picture(t *testing.T, ctx context.Context, file string) { //nolint:revive // t comes first in tests
	t.Helper()
	dir := os.Getenv(screenshotsEnv)
	if dir == "" {
		return
	}
	var picture []byte
	do(t, ctx, chromedp.FullScreenshot(&picture, 100))
	if err := os.WriteFile(filepath.Join(dir, file), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

// axeEnv names axe-core's script, which looks for what hinders people from using a page.
const axeEnv = "PLAYERSYNC_AXE"

// awaited waits for what a script promises.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// violations fails the test for each that axe-core finds; in the dark it looks at the colours
// only, as the rest is the same.
func violations(t *testing.T, ctx context.Context, name, scheme string) { //nolint:revive // t comes first in tests
	t.Helper()
	script, err := os.ReadFile(os.Getenv(axeEnv))
	if err != nil {
		t.Fatalf("%s must name axe.min.js of the npm package axe-core: %v", axeEnv, err)
	}
	options := "{}"
	if scheme == "dark" {
		options = `{runOnly: ["color-contrast"]}`
	}
	var found []string
	do(t, ctx,
		chromedp.Evaluate("if (!window.axe) {"+string(script)+"}", nil),
		chromedp.Evaluate(`axe.run(document, `+options+`).then((r) => r.violations.map((v) =>
			v.id + ": " + v.help + ": " + v.nodes.map((n) => n.html).join(" ")))`, &found,
			awaited),
	)
	for _, violation := range found {
		t.Errorf("%s, %s: %.600s", name, scheme, violation)
	}
}

// documentedCounts is what the plot shows.
const documentedCounts = `
	insert into player_count (server, slot, players)
		select name, to_timestamp(floor(extract(epoch from now() - i * interval '4 minutes') / 240) * 240),
			greatest(0, (12 * sin(i / 57.0 + length(name)) + 13)::integer)
		from (values ('pvp-1'), ('sandbox-1'), ('survival-1')) as s (name), generate_series(0, 360) as i`

// documentedNetwork is what the pictures show.
const documentedNetwork = `
	insert into server (name, gamemode, address, version) values
		('pvp-1', 'pvp', '203.0.113.1:6567', '1.2.3'), ('sandbox-1', 'sandbox', '203.0.113.1:6568', '1.2.2');
	insert into server_lease (server, run, expires_at) select name, gen_random_uuid(), 'tomorrow' from server
		where name in ('pvp-1');
	insert into session (server, uuid, run, name, gamemode, since)
		select server, 'id-' || i, run, 'Player ' || i, 'pvp', now() from server_lease, generate_series(1, 9) as i
		where server = 'pvp-1';
	insert into ban (ip, reason) values ('198.51.100.0/24', 'raid');
	insert into staff_message (server, name, text) values ('pvp', 'Alice', 'who is on survival?')`

func TestChromium(t *testing.T) {
	t.Parallel()
	s := start(t, withHealth)
	s.run(documentedCounts)
	ctx := chromium(t)
	do(t, ctx,
		chromedp.Navigate(s.URL()+"/console/?range=24h"),
		chromedp.WaitVisible(`input[name=name]`),
	)
	pictures(t, ctx, "sign-in")
	do(t, ctx,
		chromedp.SendKeys(`input[name=name]`, viewer),
		chromedp.SendKeys(`input[name=password]`, "wrong\r"),
		text(".problem", "do not belong together"),
		chromedp.SendKeys(`input[name=password]`, password+"\r"),
		text("h1", "Overview"),
		text("#status", "live"),
	)
	s.run(documentedNetwork)
	do(t, ctx,
		text(".figure", "9 players on 1 server"),
		text(".news", "198.51.100.0/24"),
		text(".news", "who is on survival?"),
		chromedp.Reload(),
		text(".wide", "sandbox-1"),
		text("#plot-text", "At most"),
		chromedp.WaitVisible(`#plot canvas`),
	)
	pictures(t, ctx, "overview")

	var at string
	do(t, ctx, chromedp.Click(`.choice a:last-child`), text(".choice [aria-current]", "30 days"),
		chromedp.Reload(), text(".choice [aria-current]", "30 days"),
		chromedp.NavigateBack(), text(".choice [aria-current]", "24 hours"), chromedp.Location(&at))
	if !strings.HasSuffix(at, "/console/?range=24h") {
		t.Errorf("the button to go back leads to %s", at)
	}
	bansInChromium(t, ctx, s)
	playersInChromium(t, ctx, s)
	moderationInChromium(t, ctx, s)
	mapsInChromium(t, ctx, s)
	do(t, ctx, chromedp.Click(`.who button`), chromedp.WaitVisible(`input[name=password]`),
		chromedp.Navigate(s.URL()+"/console/"), chromedp.WaitVisible(`input[name=password]`))
}

// bansInChromium walks from a ban to its end without a mouse, and is signed out in the middle
// of a form.
func bansInChromium(t *testing.T, ctx context.Context, s *site) { //nolint:revive // t comes first in tests
	t.Helper()
	key := func(keys string) chromedp.Action { return chromedp.KeyEvent(keys) }
	var typed, status string
	do(t, ctx,
		chromedp.Navigate(s.ConsoleLink()), text("h1", "Overview"),
		chromedp.Navigate(s.URL()+"/console/bans"), text("h1", "Bans"), text("#list", "198.51.100.0/24"),
	)
	pictures(t, ctx, "bans")
	do(t, ctx, chromedp.Click(`a[href$="bans/import"]`), text("h1", "Import bans"))
	pictures(t, ctx, "import-bans")
	do(t, ctx, chromedp.NavigateBack(), text("#list", "198.51.100.0/24"))
	do(t, ctx,
		chromedp.Focus(`.button`), key(kb.Enter), text("h1", "New ban"),
		chromedp.WaitVisible(`input[name=target]:focus`),
		key("10.0.0.0/7"), text("#preview", "It meets 0 known players"), key(kb.Tab), key("proxies"), key(kb.Enter),
		text(".problem", "wider than /8"),
	)
	pictures(t, ctx, "new-ban")
	do(t, ctx,
		chromedp.Focus(`input[name=confirm]`), key(" "), key(kb.Enter), text("h1", "Ban of 10.0.0.0/7"),
		text("#facts", "in force"),
	)
	pictures(t, ctx, "ban")

	// Signed out in the middle of a form, and in again in another tab.
	post := func(path, body string) chromedp.Action {
		script := `fetch("/console/` + path + `", {
			method: "POST", redirect: "manual", body: new URLSearchParams(` + body + `),
		}).then((r) => String(r.status))`
		return chromedp.Evaluate(script, &status, awaited)
	}
	do(t, ctx,
		chromedp.SendKeys(`textarea[name=text]`, "typed before"),
		post("sign-out", `{csrf: document.querySelector("input[name=csrf]").value}`),
		chromedp.Focus(`textarea[name=text]`), key(kb.Tab), key(kb.Enter), text("#signed-out", "You are signed out"),
		chromedp.Value(`textarea[name=text]`, &typed),
		post("sign-in", `{name: "`+actor+`", password: "`+password+`"}`),
		chromedp.Evaluate(`dispatchEvent(new Event("focus"))`, nil),
		chromedp.WaitNotPresent(`#signed-out`),
		chromedp.Focus(`textarea[name=text]`), key(kb.Tab), key(kb.Enter), text(".notes", "typed before"),
	)
	if typed != "typed before" {
		t.Errorf("what was typed became %q", typed)
	}

	do(t, ctx, chromedp.Focus(`form[action$=lift] input[name=reason]`), key("a slip"), key(kb.Enter),
		text("#facts", "a slip"), text("#facts", "lifted"))
	if got := s.row(`select lifted_by, lift_reason from ban where ip = '10.0.0.0/7'`); got != actor+" a slip" {
		t.Errorf("lifted as %q", got)
	}
	// The lift is taken back.
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/audit?field=lift"), text("h1", "Audit"),
		chromedp.Focus(`#list tbody a`), key(kb.Enter), text("h1", "Change"),
		chromedp.Focus(`input[name=sure]`), key(" "), key(kb.Enter), text("main", "It was taken back by this change"))
	pictures(t, ctx, "change")
	if got := s.row(`select lifted_at is null from ban where ip = '10.0.0.0/7'`); got != "true" {
		t.Error("the ban does not stand again")
	}
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/audit"), text("#list", "opened again"))
	pictures(t, ctx, "audit")
	do(t, ctx, chromedp.Navigate(s.URL()+"/console/bans?state=active"), text("h1", "Bans"))
	s.run(`insert into ban (uuid, reason) values ('griefer', 'in psql')`)
	do(t, ctx, text("#list", "in psql"))
}
