package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"playersync/cmd/syncer/internal/config"
)

// app is what all commands share.
type app struct {
	out  io.Writer // what was asked for
	errs io.Writer // progress, log and errors

	configFile string
	json       bool
	running    bool // the arguments were understood, a command runs
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	a := &app{out: out, errs: errs}
	root := newRootCommand(a)
	refuseUnknownTopics(root)
	root.SetArgs(amountLast(root, args))
	root.SetOut(out)
	root.SetErr(errs)
	command, err := root.ExecuteContextC(ctx)
	err = asTyped(command, err)
	if _, isAnswer := errors.AsType[*answered](err); err != nil && !isAnswer {
		fmt.Fprintln(errs, "syncer:", describeError(err))
	}
	return exitCode(err, a.running)
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "syncer",
		Short: "Keep players and bans the same on every game server",
		Long: `syncer keeps players and bans the same on every game server of a network.
PostgreSQL is all it needs: rows are the truth, and each server's syncer holds a
copy that follows them within milliseconds.

  syncer demo               see what it does, on a throw-away database
  syncer serve --embedded   run it with a PostgreSQL of its own
  syncer serve              run it on the database of SYNCER_DATABASE_URL`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       thisBuild().Version,
	}
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages |",
		fmt.Sprintf("Flags.FlagUsagesWrapped %d |", helpWidth)))
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupAdministrate, Title: "Administrate:"},
		&cobra.Group{ID: groupOperate, Title: "Operate:"},
	)
	root.AddCommand(a.commands()...)
	group(root)
	a.markRunning(root)
	fillHelp(root)
	return root
}

// commands are all that there are, in the order of the help text.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		newServeCommand(a),
		newDemoCommand(a),
		newPlayerCommand(a),
		newBanCommand(a),
		newUnbanCommand(a),
		newMuteCommand(a),
		newUnmuteCommand(a),
		newKickCommand(a),
		newOnlineCommand(a),
		newServerCommand(a),
		newAuditCommand(a),
		newAntibotCommand(a),
		newBlacklistCommand(a),
		newModLogCommand(a),
		newBalanceCommand(a),
		newCurrencyCommand(a),
		newImportCommand(a),
		newMapCommand(a),
		newInfoCommand(a),
		newCountsCommand(a),
		newChatCommand(a),
		newWatchCommand(a),
		newMigrateCommand(a),
		newBenchCommand(a),
		newCheckCommand(a),
		newHealthCommand(a),
		newOpenAPICommand(a),
		newVersionCommand(a),
	}
}

// refuseUnknownTopics makes the commands that cobra adds refuse what they do not know.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, command := range root.Commands() {
		switch command.Name() {
		case "completion":
			group(command)
		case "help":
			help := command.Run
			command.Run, command.RunE = nil, func(command *cobra.Command, args []string) error {
				if found, rest, _ := root.Find(args); len(rest) > 0 && found.HasSubCommands() {
					return found.RunE(found, rest)
				}
				help(command, args)
				return nil
			}
		}
	}
}

// helpWidth is how wide help texts are.
const helpWidth = 80

// fillHelp makes a command, and those below it, fill the paragraphs of help texts. A text is
// filled when it is shown: those of all commands take as long as the rest of the start.
func fillHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(command *cobra.Command, args []string) {
		command.Long = filled(command.Long)
		help(command, args)
	})
}

// filled returns a help text with its paragraphs filled; lines that are set in stay.
func filled(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, paragraph := range paragraphs {
		if !strings.Contains("\n"+paragraph, "\n ") && !strings.Contains("\n"+paragraph, "\n\t") {
			paragraphs[i] = strings.Join(wrapped(paragraph, helpWidth), "\n")
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// Groups of commands in the help text.
const (
	groupRun          = "run"
	groupAdministrate = "administrate"
	groupOperate      = "operate"
)

// group makes a command that only has subcommands refuse everything else.
func group(command *cobra.Command) *cobra.Command {
	command.Args = cobra.ArbitraryArgs
	command.DisableFlagsInUseLine = true
	command.RunE = func(command *cobra.Command, args []string) error {
		if len(args) == 0 && !command.HasParent() {
			return command.Help()
		}
		if len(args) == 0 {
			return usagef("say what to do; see: %s --help", command.CommandPath())
		}
		command.SuggestionsMinimumDistance = 2
		if near := command.SuggestionsFor(args[0]); len(near) > 0 {
			return usagef("there is no command %q in %s; did you mean %s?", args[0], command.CommandPath(), near[0])
		}
		return usagef("there is no command %q; see: %s --help", args[0], command.CommandPath())
	}
	return command
}

// markRunning lets the exit code tell wrong usage from failure, and lets no flag of one value
// be given twice.
func (a *app) markRunning(command *cobra.Command) {
	command.Flags().VisitAll(giveOnce)
	command.PersistentFlags().VisitAll(giveOnce)
	for _, child := range command.Commands() {
		a.markRunning(child)
	}
	if inner := command.RunE; inner != nil {
		command.RunE = func(command *cobra.Command, args []string) error {
			a.running = true
			return inner(command, args)
		}
	}
}

// addConfigFlags gives a command, and those below it, the flags that say which
// database to use.
func (a *app) addConfigFlags(command *cobra.Command) {
	a.addConfigFlag(command)
	flags := command.PersistentFlags()
	config.AddFlag(flags, "database-url", "database.url")
	config.AddFlag(flags, "embedded", "embedded")
	config.AddFlag(flags, "data-dir", "data.dir")
	_ = command.MarkPersistentFlagDirname("data-dir") // the flag exists
}

// addConfigFlag gives a command, and those below it, the flag that names the configuration.
func (a *app) addConfigFlag(command *cobra.Command) {
	command.PersistentFlags().StringVar(&a.configFile, "config", "",
		"configuration `file` (default: $SYNCER_CONFIG, ./syncer.yaml, ~/.config/playersync/syncer.yaml, "+
			"/etc/playersync/syncer.yaml)")
	_ = command.MarkPersistentFlagFilename("config", "yaml", "yml") // the flag exists
}

// addJSONFlag lets a command print for programs.
func (a *app) addJSONFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&a.json, "json", false, "print JSON, for programs")
}

// config reads the configuration with the flags of a command.
func (a *app) config(command *cobra.Command) (config.Config, error) {
	if flag := command.Flags().Lookup("database-url"); flag != nil && config.HoldsPassword(flag.Value.String()) {
		fmt.Fprintln(a.errs, "syncer: whoever may list processes here can read the password in --database-url;",
			"give the URL by SYNCER_DATABASE_URL or --config, or leave the password to PGPASSFILE")
	}
	return config.Load(a.configFile, command.Flags())
}

// logger writes to the error output, as the configuration says.
func (a *app) logger(settings config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: settings.Level}
	if settings.Format == config.FormatJSON {
		return slog.New(slog.NewJSONHandler(jsonWriter{a.errs}, options))
	}
	return slog.New(slog.NewTextHandler(a.errs, options))
}
