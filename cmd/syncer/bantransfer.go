package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/spf13/cobra"

	"playersync/syncer"
)

const (
	exportPage = 1000
	mostBans   = 1_000_000 // that one import takes
)

func newBanExportCommand(a *app) *cobra.Command {
	var active bool
	var format string
	command := &cobra.Command{
		Use:   "export",
		Short: "Write bans to a file that import reads",
		Long: `Write all bans, those that are over and the notes too, newest first. As JSON
each ban is one line, and an import brings back exactly what was there, but for the
numbers. As CSV line breaks in texts may become plain ones.`,
		Example: `  syncer ban export > bans.json
  syncer ban export --active --format csv > bans.csv`,
		Args: exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkFormat(format, formatJSON, formatCSV); err != nil {
				return err
			}
			var filter syncer.BanFilter
			if active {
				filter.Active = new(true)
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				return a.exportBans(ctx, u, filter, format)
			})
		},
	}
	flags := command.Flags()
	flags.BoolVar(&active, "active", false, "only bans in force")
	flags.StringVar(&format, "format", formatJSON, "json or csv")
	_ = command.RegisterFlagCompletionFunc("format",
		cobra.FixedCompletions([]string{formatJSON, formatCSV}, cobra.ShellCompDirectiveNoFileComp))
	return command
}

func (a *app) exportBans(ctx context.Context, u *useCases, filter syncer.BanFilter, format string) error {
	w, err := newBanWriter(a.out, format)
	if err != nil {
		return fmt.Errorf("write bans: %w", err)
	}
	for before, more := int64(0), true; more; more = before != 0 {
		var records []syncer.BanRecord
		if records, before, err = u.banTransfer.ExportBans(ctx, filter, before, exportPage); err != nil {
			return err
		}
		for _, record := range records {
			if err := w.write(record); err != nil {
				return fmt.Errorf("write bans: %w", err)
			}
		}
	}
	if err := w.close(); err != nil {
		return fmt.Errorf("write bans: %w", err)
	}
	return nil
}

// banImport are the flags of the import.
type banImport struct {
	dryRun, yes, unknown      bool
	format, reason, by, until string
}

func newBanImportCommand(a *app) *cobra.Command {
	var i banImport
	command := &cobra.Command{
		Use:   "import FILE",
		Short: "Read bans from a file, - for the standard input",
		Long: `Read bans as export writes them, or a plain list of addresses and ranges, one per
line, with comments after # or ;. CSV names its columns in the first line, in any
order. A line with uuid and ip bans both. A uuid is an id: the name of a player is
refused with his id, and what nobody has, and is no UUID or id of Mindustry, unless
uuid: is in front or --unknown is given. What is here already (same target,
createdAt and by) stays as it is, so that a repeated import changes nothing; only
notes that lack are added. A target that is banned stays banned as it is. Of several
open bans of a target in the file the longest counts. A line that cannot be is
refused and named, the others are taken, and the exit code is 1.

--reason, --by and --for count for the lines that do not say it themselves. A line
that bans a range wider than /8 (IPv6: /32) is refused unless --yes is given.

The bans are stored at once, and every server knows them a moment later.`,
		Example: `  syncer ban import bans.json --dry-run
  zcat bans.csv.gz | syncer ban import - --format csv
  syncer ban import proxies.txt --reason proxy --by Alice --for 30d`,
		Args: exactly("FILE"),
		RunE: func(command *cobra.Command, args []string) error { return a.importBans(command, i, args[0]) },
	}
	flags := command.Flags()
	flags.BoolVar(&i.dryRun, "dry-run", false, "only say what would happen")
	flags.BoolVar(&i.yes, "yes", false, "take also bans of wide ranges")
	flags.BoolVar(&i.unknown, "unknown", false, "take also ids that no player has yet and that could be names")
	flags.StringVar(&i.format, "format", "", "json, csv or list (default: by the file's name, else by its beginning)")
	flags.StringVar(&i.reason, "reason", "", "why, where a line does not say it")
	flags.StringVar(&i.by, "by", thisUser(), "who imports them, for the audit; if given, also who bans where a line "+
		"does not say it")
	flags.StringVar(&i.until, "for", "", "how `long` from now, where a line has no end: 30d, 1mo (30 days), a time, "+
		"or forever")
	_ = command.RegisterFlagCompletionFunc("format",
		cobra.FixedCompletions([]string{formatJSON, formatCSV, formatList}, cobra.ShellCompDirectiveNoFileComp))
	return command
}

// importBans reads the file and imports it.
func (a *app) importBans(command *cobra.Command, i banImport, name string) error {
	if i.format != "" {
		if err := checkFormat(i.format, formatJSON, formatCSV, formatList); err != nil {
			return err
		}
	}
	if err := syncer.CheckAuthor("by", i.by); err != nil {
		return err
	}
	return a.withUseCases(command, func(ctx context.Context, u *useCases) (err error) {
		file := &banFile{defaults: banDefaults{reason: i.reason, now: u.now, confirmed: i.yes}}
		if command.Flags().Changed("by") {
			file.defaults.by = i.by
		}
		if command.Flags().Changed("for") {
			if file.defaults.expires, err = parseUntil("for", i.until, u.now); err != nil {
				return err
			}
		}
		if err := file.open(command.InOrStdin(), name, i.format); err != nil {
			return err
		}
		doubts, err := u.banTransfer.Doubts(ctx, file.records)
		if err != nil {
			return err
		}
		maps.DeleteFunc(doubts, func(_ int, err error) bool {
			return i.unknown && syncer.CodeOf(err) == syncer.CodeNotFound
		})
		file.refuseDoubted(doubts)
		return a.storeBans(syncer.WithActor(ctx, i.by), u, file, i.dryRun)
	})
}

// open reads a file by its name, "-" for the standard input.
func (f *banFile) open(input io.Reader, name, format string) error {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("read bans: %w", err)
		}
		defer func() { _ = file.Close() }() // nothing was written
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return usagef("%s is a directory", name)
		}
		input = file
	}
	if err := f.read(input, name, format); err != nil {
		return err
	}
	return f.checkSize()
}

// importReport is the outcome of an imported file.
type importReport struct {
	DryRun bool `json:"dryRun"`
	Added  int  `json:"added"`
	Known  int  `json:"known"`
	// Strangers are those added of ids that no player has yet.
	Strangers int           `json:"strangers"`
	Stands    []bannedLine  `json:"stands"`
	Refused   []refusedLine `json:"refused"`
}

// bannedLine is a line whose target is banned otherwise.
type bannedLine struct {
	Line   int    `json:"line"`
	Target string `json:"target"`
	ID     int64  `json:"id"` // of the ban that stands; 0 in a trial if it is of the same file
}

func (a *app) storeBans(ctx context.Context, u *useCases, file *banFile, trial bool) error {
	fmt.Fprintf(a.errs, "read %s, %d refused\n", syncer.Counted(len(file.records), "ban"), len(file.refused))
	imported, err := u.banTransfer.ImportBans(ctx, file.records, trial)
	if err != nil {
		return err
	}
	report := importReport{DryRun: trial, Stands: []bannedLine{}, Refused: append([]refusedLine{}, file.refused...)}
	for i, ban := range imported {
		switch ban.Outcome {
		case syncer.ImportAdded:
			report.Added++
			if ban.Stranger {
				report.Strangers++
			}
		case syncer.ImportKnown:
			report.Known++
		case syncer.ImportStands:
			report.Stands = append(report.Stands, bannedLine{
				file.lines[i], file.records[i].Target.String(), ban.Number,
			})
		}
	}
	if err := a.print(report, report.print); err != nil {
		return err
	}
	if len(report.Refused) > 0 {
		return fmt.Errorf("%s refused", syncer.Counted(len(report.Refused), "line"))
	}
	return nil
}

// print shows the first lines of each kind, and counts all.
func (r importReport) print(w io.Writer) {
	for _, refused := range r.Refused[:min(shownRefusals, len(r.Refused))] {
		text := refused.Message
		if refused.Field != "" {
			text = refused.Field + ": " + text
		}
		fmt.Fprintf(w, "line %d: %s\n", refused.Line, clean(text))
	}
	if more := len(r.Refused) - shownRefusals; more > 0 {
		fmt.Fprintf(w, "… and %s refused; --json shows all\n", syncer.Counted(more, "more line"))
	}
	for _, banned := range r.Stands[:min(shownRefusals, len(r.Stands))] {
		fmt.Fprintf(w, "line %d: %s is banned already, see ban %d\n", banned.Line, clean(banned.Target),
			banned.ID)
	}
	if more := len(r.Stands) - shownRefusals; more > 0 {
		fmt.Fprintf(w, "… and %s of targets that are banned already; --json shows all\n",
			syncer.Counted(more, "more line"))
	}
	verb := "imported"
	if r.DryRun {
		verb = "would import"
	}
	fmt.Fprintf(w, "%s %s; %d known, %d stand otherwise, %d refused\n", verb, syncer.Counted(r.Added, "ban"), r.Known,
		len(r.Stands), len(r.Refused))
	if r.Strangers > 0 {
		fmt.Fprintf(w, "%s of ids that no player has yet\n", syncer.Counted(r.Strangers, "ban"))
	}
}
