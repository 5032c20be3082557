package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/importer"
	"playersync/syncer/merge"
)

// written writes a file of documents and returns its path.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImportReadsPackedFilesAndMinecraftsLists(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, `[{"_id":"Steve","unmuteTime":{"$numberLong":"9999999999999"}}]`)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	players := written(t, "players.json.gz", packed.String())
	results := decode[[]importJSON](t, environ, "import", "fish", players)
	if len(results) != 1 || results[0].Players.Added != 1 || results[0].At.Document != 1 {
		t.Errorf("packed: %+v", results)
	}
	ids := written(t, "banned-players.json",
		`[{"uuid":"uuid:Steve","created":"2020-01-01 00:00:00 +0000","source":"Notch",`+
			`"expires":"forever","reason":"x"}]`)
	ips := written(t, "banned-ips.json",
		`[{"ip":"203.0.113.7","created":"2020-01-01 00:00:00 +0000","expires":"2021-01-01 00:00:00 +0000"}]`)
	for _, added := range []int{1, 0} {
		results = decode[[]importJSON](t, environ, "import", "minecraft", ids, ips)
		if len(results) != 2 || results[0].Bans != (importer.BanImport{Added: added, Known: 1 - added}) ||
			results[1].Bans != results[0].Bans {
			t.Errorf("lists: %+v", results)
		}
	}
	if all, open := decode[[]wire.Ban](t, environ, "ban", "list", "--all"), decode[[]wire.Ban](t, environ, "ban",
		"list"); len(all) != 2 || len(open) != 1 || open[0].By != "Notch" {
		t.Errorf("bans %+v", all)
	}
}

// interrupting is a store that is interrupted after its first transaction.
type interrupting struct {
	cancel  func()
	players int
}

func (s *interrupting) ImportPlayers(_ context.Context, players []merge.ImportedPlayer) (merge.PlayerImport, error) {
	s.players += len(players)
	s.cancel()
	return merge.PlayerImport{Added: len(players)}, nil
}

func (s *interrupting) ImportBans(context.Context, []syncer.BanRecord) ([]syncer.ImportedBan, error) {
	return nil, nil
}

func TestInterruptedImportGoesOnWithTheSameFileOnly(t *testing.T) {
	t.Parallel()
	const documents = 10_000
	var text strings.Builder
	for i := range documents {
		fmt.Fprintf(&text, "{\"uuid\":\"p%d\",\"rank\":\"x\"}\n", i)
	}
	file := written(t, "players.json", text.String())
	do := func(s *interrupting, epoch string, change func(*fileImport)) (importJSON, error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if s.cancel == nil {
			s.cancel = cancel
		}
		a := &app{out: io.Discard, errs: io.Discard}
		i := &fileImport{app: a, options: importer.Options{Format: importer.FormatFish}}
		change(i)
		return i.importFile(ctx, file, true, s, epoch, &importOutput{app: a})
	}
	same := func(*fileImport) {}
	first := &interrupting{}
	result, err := do(first, "here", same)
	if err == nil || !strings.Contains(err.Error(), "run the same command to go on") || first.players == 0 ||
		first.players == documents {
		t.Fatalf("interrupted after %d: %v", first.players, err)
	}
	if result.At.Document != first.players || result.Players.Added != first.players {
		t.Errorf("interrupted at %+v after %d players", result.At, first.players)
	}
	saved, err := os.ReadFile(file + ".syncer-import")
	if err != nil {
		t.Fatal(err)
	}
	keep := func() {
		if err := os.WriteFile(file+".syncer-import", saved, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, attempt := range map[string]func(s *interrupting) (importJSON, error){
		"another database": func(s *interrupting) (importJSON, error) { return do(s, "elsewhere", same) },
		"--restart": func(s *interrupting) (importJSON, error) {
			return do(s, "here", func(i *fileImport) { i.restart = true })
		},
		"other options": func(s *interrupting) (importJSON, error) {
			return do(s, "here", func(i *fileImport) { i.replace = true })
		},
	} {
		if result, err := attempt(&interrupting{cancel: func() {}}); err != nil || result.From.Document != 0 ||
			result.Documents != documents {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
		keep()
	}
	second := &interrupting{cancel: func() {}}
	result, err = do(second, "here", same)
	if err != nil || result.From.Document != first.players || first.players+second.players != documents {
		t.Errorf("went on at %+v with %d: %v", result.From, second.players, err)
	}
	if left, _ := filepath.Glob(file + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
