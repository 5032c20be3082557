package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/importer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

func newImportCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "import",
		Short: "Bring players and bans of other programs into the database",
		Long: `Bring players and bans of other programs into the database, also while servers
run: they know within moments.

A document that cannot be stored is refused, whole; everything else goes in. The
exit code is 1 if any was refused. What is here already is kept, so that the same
import can be repeated and does nothing the second time. Interrupted, it ends after
the transaction in progress; the same command then goes on from there, by the help
of FILE.syncer-import, which is removed at the end.

FILE may be - for the standard input, which cannot be continued, and may be packed
if its name ends in .gz.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	command.AddCommand(newImportFishCommand(a), newImportMinecraftCommand(a))
	return command
}

func newImportFishCommand(a *app) *cobra.Command {
	i := fileImport{app: a, options: importer.Options{Format: importer.FormatFish}}
	var kind string
	command := &cobra.Command{
		Use:   "fish FILE...",
		Short: "Import the Mindustry plugin's old database from mongoexport",
		Long: `Import what mongoexport writes of the Mindustry plugin's old database: a document
per line, or a list; extended JSON of any version.

A player is a document with the plugin's field names, by uuid or by a text _id. The
fields stats, firstJoined and lastJoined are maps by gamemode, usid is one by server
address (ip:port; without a port, 6567). Plain values need --gamemode or --address.
Times are dates or milliseconds: below 0 for none, from 9999999999999 for ever. The
older muted (true or false) counts where there is no unmuteTime.

A ban is a document with uuid or ip, or with the lists uuids and ips, and maybe
reason, by, createdAt and expiresAt; with --kind bans also with a text _id alone.

A player who is not here yet is stored as the document says. Of one who is, history
and achievements are united, counters raised to the document's, join times widened
and missing usids added; rank, flags, times, name and the like stay, unless
--replace says that the document knows better.`,
		Example: `  syncer import fish players.json --dry-run
  syncer import fish players.json.gz bans.json --report refused.jsonl`,
		Args: atLeastOne("FILE"),
		RunE: func(command *cobra.Command, args []string) error {
			if i.options.Kind = importer.Kind(kind); kind != "" && i.options.Kind != importer.KindPlayers &&
				i.options.Kind != importer.KindBans {
				return usagef("--kind: must be players or bans, is %q", kind)
			}
			named := syncer.GameServer{
				Name: "-", Gamemode: cmp.Or(i.options.Gamemode, "-"), Address: cmp.Or(i.options.Address, "-:1"),
			}
			if err := named.Validate("--"); err != nil {
				return err
			}
			return i.run(command, args)
		},
	}
	flags := command.Flags()
	flags.StringVar(&kind, "kind", "", "what all documents are: `players|bans`; else told by their fields")
	flags.StringVar(&i.options.Gamemode, "gamemode", "", "whose stats and times are, where they are not by gamemode")
	flags.StringVar(&i.options.Address, "address", "",
		"`ip:port` of the server whose usids are, where they are not by address")
	flags.BoolVar(&i.replace, "replace", false, "set also rank, flags, times, name, … of players who are here")
	i.addFlags(command)
	return command
}

func newImportMinecraftCommand(a *app) *cobra.Command {
	i := fileImport{app: a, options: importer.Options{Format: importer.FormatMinecraft}}
	command := &cobra.Command{
		Use:   "minecraft FILE...",
		Short: "Import banned-players.json and banned-ips.json of Minecraft",
		Long: `Import banned-players.json and banned-ips.json of a Minecraft server. Each file may
be either: an entry with uuid bans a player id, one with ip an address, one with both
bans both. Bans that have expired are kept as history. The name beside a uuid is
kept: a player who is not here yet is stored with it, so that the ban is found by
name. A time that cannot be read is taken as the vanilla server takes it, with a
warning: created for now, expires for never.`,
		Example: `  syncer import minecraft banned-players.json banned-ips.json`,
		Args:    atLeastOne("FILE"),
		RunE:    i.run,
	}
	i.addFlags(command)
	return command
}

// fileImport is one import command.
type fileImport struct {
	app     *app
	options importer.Options
	replace bool
	dryRun  bool
	restart bool
	report  string // file for refusals, empty for none
	by      string // who imports
}

func (i *fileImport) addFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.BoolVar(&i.dryRun, "dry-run", false, "store nothing, only say what would be")
	flags.BoolVar(&i.options.Confirmed, "yes", false, "take also bans of ranges wider than /8 (IPv6: /32)")
	flags.BoolVar(&i.restart, "restart", false, "begin anew instead of going on where an import was interrupted")
	flags.StringVar(&i.report, "report", "", "write each refusal to this `file`, as JSON, one per line")
	flags.StringVar(&i.by, "by", thisUser(), "who imports, for the audit")
	i.app.addJSONFlag(flags)
	_ = command.MarkFlagFilename("report", "jsonl") // the flag exists
}

// run imports the files one after the other.
func (i *fileImport) run(command *cobra.Command, files []string) error {
	if err := syncer.CheckAuthor("by", i.by); err != nil {
		return err
	}
	return i.app.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) (err error) {
		i.options.Now = now
		ctx = syncer.WithActor(ctx, i.by)
		epoch, err := s.ImportEpoch(ctx)
		if err != nil {
			return err
		}
		output := &importOutput{app: i.app, dryRun: i.dryRun}
		target := importTarget{s, i, map[syncer.PlayerID]bool{}}
		var results []importJSON
		for k, name := range files {
			result, err := i.importFile(ctx, name, k == 0, target, epoch, output)
			if err == nil || result.At.Document > 0 {
				results = append(results, result)
			}
			if err != nil && len(results) > 0 {
				err = errors.Join(err, i.app.printImports(results))
			}
			if err != nil {
				return err
			}
		}
		if err := i.app.printImports(results); err != nil {
			return err
		}
		if refused := output.refused; refused > 0 {
			return fmt.Errorf("%s refused", syncer.Counted(refused, "document"))
		}
		return nil
	})
}

// importTarget is the store as a command uses it.
type importTarget struct {
	store *store.Store
	*fileImport
	tried map[syncer.PlayerID]bool // players whom a dry run would have stored
}

// ImportPlayers implements importer.Store.
func (t importTarget) ImportPlayers(ctx context.Context, players []merge.ImportedPlayer) (merge.PlayerImport, error) {
	if t.dryRun {
		for _, player := range players {
			t.tried[player.ID] = true
		}
	}
	return t.store.ImportPlayers(ctx, players, store.PlayerImportOptions{Replace: t.replace, DryRun: t.dryRun})
}

// ImportBans implements importer.Store. In a dry run the players of the files are no
// strangers.
func (t importTarget) ImportBans(ctx context.Context, bans []syncer.BanRecord) ([]syncer.ImportedBan, error) {
	if !t.dryRun {
		return t.store.ImportBans(ctx, bans)
	}
	imported, err := t.store.TryImportBans(ctx, bans)
	for i := range imported {
		imported[i].Stranger = imported[i].Stranger && !t.tried[bans[i].Target.ID]
	}
	return imported, err
}
