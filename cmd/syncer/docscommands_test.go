package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// documentedFiles are those that examples read.
var documentedFiles = map[string]string{
	"players.json":        `{"uuid":"Steve","rank":"mod"}`,
	"bans.json":           `{"uuid":"uuid:Herobrine"}`,
	"proxies.txt":         "192.0.2.1\n198.51.100.0/24 # a network\n",
	"banned-players.json": `[{"uuid":"f84c6a79-0a4e-45e0-879b-cd49ebd4c4e2","name":"Bob","expires":"forever"}]`,
	"banned-ips.json":     `[{"ip":"192.0.2.9","expires":"forever"}]`,
}

// documentedState is what examples of commands speak of beside documentedNetwork.
const documentedState = documentedNetwork + `;
	insert into server (name, gamemode, address) values ('pvp', 'pvp', '203.0.113.1:6567');
	insert into player_name (uuid, server, name) values ('Steve', 'pvp', 'Steve');
	insert into player_address (uuid, server, ip)
	values ('Steve', 'pvp', '192.0.2.7'), ('Steve', 'pvp', '203.0.113.7');
	insert into player (uuid, name) values ('abcdefghijklmnopqrstuv==', 'Griefer');
	insert into server (name, gamemode, address) values ('a', 'survival', '203.0.113.9:6567');
	insert into server_lease (server, run, expires_at) values ('a', gen_random_uuid(), 'tomorrow');
	insert into session (server, uuid, run, name, gamemode, since)
	select server, 'Steve', run, 'Steve', 'survival', now() from server_lease where server = 'a';
	insert into map_run (key, server, map, gamemode, winner, success, started_at, ended_at, played_ms, max_players)
	values (gen_random_uuid(), 'a', 'Frozen_Forest.msav', 'survival', 'sharded', true, now(), 'tomorrow', 1000, 3)`

// isEndless reports whether a command runs until it is stopped, measures for long, or asks one that runs.
func isEndless(args []string) bool {
	return len(args) == 0 || slices.Contains([]string{"serve", "demo", "watch", "bench", "health"}, args[0]) ||
		slices.Contains(args, "--follow")
}

// TestDocumentedCommandsSucceed runs every command of README.md, docs/ and the examples of
// the help as it is written. What runs on is left out; TestDemo and TestServe run that.
func TestDocumentedCommandsSucceed(t *testing.T) {
	t.Parallel()
	examples := map[string]string{}
	for _, p := range pages(t) {
		for _, block := range p.blocks {
			if block.language == "sh" {
				examples[p.path] += block.text
			}
		}
	}
	var walk func(command *cobra.Command)
	walk = func(command *cobra.Command) {
		if command.Example != "" {
			examples["help of "+command.CommandPath()] = command.Example
		}
		for _, child := range command.Commands() {
			walk(child)
		}
	}
	walk(commandTree())
	for name, text := range examples {
		var commands [][]string
		for _, words := range shellCommands(text) {
			if args, ours := strings.CutPrefix(words[0], "bin/"); args == "syncer" && (ours || words[0] == "syncer") &&
				!isEndless(words[1:]) {
				commands = append(commands, words[1:])
			}
		}
		if len(commands) > 0 {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				runDocumented(t, commands)
			})
		}
	}
}

// runDocumented runs commands one after the other beside the files that they name.
func runDocumented(t *testing.T, commands [][]string) {
	t.Helper()
	url, environ := database(t)
	execute(t, url, documentedState)
	dir := t.TempDir()
	for name, content := range documentedFiles {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := exec.Command("gzip", "--keep", filepath.Join(dir, "players.json")).Run(); err != nil {
		t.Fatal(err)
	}
	for _, args := range commands {
		cmd := command(t, environ, args...)
		cmd.Dir = dir
		cmd.Stdin = strings.NewReader("uuid\nuuid:Herobrine\n") // of zcat
		if printed, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("syncer %s: %v\n%s", strings.Join(args, " "), err, printed)
		}
	}
}

// The command by which README.md builds the program puts it where the next ones run it.
func TestReadmeBuildsWhatItRuns(t *testing.T) {
	t.Parallel()
	built, run := "", 0
	for _, block := range readPage(t, filepath.Join(root, "README.md")).blocks {
		for _, words := range shellCommands(block.text) {
			switch {
			case len(words) == 5 && strings.HasPrefix(strings.Join(words, " "), "go build -o "):
				built = builtAs(words[3], words[4])
			case strings.HasSuffix(words[0], "/syncer"):
				if run++; filepath.Clean(words[0]) != built {
					t.Errorf("README.md runs %s, and builds %s", words[0], built)
				}
			}
		}
	}
	if built == "" || run == 0 {
		t.Errorf("README.md builds %q and runs the program %d times", built, run)
	}
}

// builtAs returns the file that go build -o writes in the project's directory: within what
// ends in a slash or is a directory.
func builtAs(output, pkg string) string {
	info, err := os.Stat(filepath.Join(root, output))
	if strings.HasSuffix(output, "/") || err == nil && info.IsDir() {
		return filepath.Join(output, filepath.Base(pkg))
	}
	return filepath.Clean(output)
}
