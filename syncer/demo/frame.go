package demo

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// heading prints what this is.
func (p *page) heading() {
	fmt.Fprintln(p.out, p.paint(bold, "playersync: players and bans, the same on every game server"))
	p.paragraph("Two game servers share one PostgreSQL. Beside each runs a syncer, which holds a copy of the " +
		"players and bans that the game asks instead of the database. " +
		"What follows is real: done, timed and verified (✓) on this machine.")
	p.line()
}

// started prints that a part runs.
func (p *page) started(name, what string, took time.Duration) {
	p.line(p.paint(styleOf(name), right(name, actorWidth+2)), right(what, actionWidth-2), " ",
		left(seconds(took), timeWidth))
}

// failure prints why a chapter could not continue.
func (p *page) failure(err error) {
	p.check(Step{What: "could not go on: " + err.Error(), Holds: new(false)})
}

// summary prints how the story ended.
func (p *page) summary(r Result) {
	claims, failed := r.Count()
	took := seconds(time.Duration(r.Took))
	fmt.Fprintln(p.out)
	mark, text := p.paint(green, "✓"), fmt.Sprintf("All %d claims held.", claims)
	if failed > 0 {
		mark, text = p.paint(red, "✗"), fmt.Sprintf("%d of %d claims did not hold.", failed, claims)
	}
	fmt.Fprintln(p.out, mark, p.paint(bold, text), "It took", took+".")
}

// invitation prints what can be tried while everything runs.
func (p *page) invitation(psql, database, survivalURL, pvpURL, link string) {
	database, _, _ = strings.Cut(database, "?") // psql knows by itself what it says
	steveAt := "/v1/players/steve"
	fmt.Fprintf(p.out, "\n%s\n\n", p.paint(bold, "All of it still runs. Try it, each in a terminal of its own:"))
	for _, entry := range []struct{ what, command string }{
		{"look at it in a browser (the link is good once, for a quarter of an hour)", link},
		{"follow what pvp is told", "curl -N " + pvpURL + "/v1/events"},
		{"set a rank on survival", `curl -X PATCH --json '{"rank": "admin"}' ` + survivalURL + steveAt},
		{"read Steve on pvp", "curl -i " + pvpURL + steveAt},
		{"edit rows", psql + " '" + database + "'"},
		{"", "update player set rank = 'mod' where uuid = 'steve';"},
		{"", "insert into ban (uuid) values ('steve');"},
		{"read the API", survivalURL + "/openapi.json"},
	} {
		if entry.what != "" {
			p.line(p.paint(dim, entry.what))
		}
		p.line("  ", entry.command)
	}
	fmt.Fprintf(p.out, "\n%s\n", "Ctrl-C ends it. Nothing stays behind.")
}

// farewell prints that the end was asked for, below what a terminal echoes.
func (p *page) farewell() { fmt.Fprintln(p.out, "\nStopping PostgreSQL and both syncers.") }

// psqlProgram returns how to call psql: by its path if it is not on PATH but came
// with the server's programs.
func (d *Demo) psqlProgram() string {
	if _, err := exec.LookPath(psqlName); err == nil {
		return psqlName
	}
	beside := filepath.Join(d.postgres.Binaries().Dir, psqlName)
	if _, err := exec.LookPath(beside); err == nil {
		return beside
	}
	return psqlName
}
