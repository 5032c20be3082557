package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/merge"
)

func newPlayerHistoryCommand(a *app) *cobra.Command {
	var add, by string
	var remove int
	command := &cobra.Command{
		Use:   "history PLAYER",
		Short: "Show what was done to a player; add or remove an entry",
		Long: `Show the newest 500 moderation actions on a player, oldest first. Servers can only
add to it; --remove takes an entry away, by its number in the list.`,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withPlayer(command, args[0], func(ctx context.Context, u *useCases, p *syncer.Player) (err error) {
				history := p.History
				switch flags := command.Flags(); {
				case flags.Changed("add"):
					entry := syncer.HistoryEntry{Action: add, By: by, Time: syncer.TimeOf(u.now)}
					history, err = addHistory(ctx, u, p.ID, entry)
				case flags.Changed("remove"):
					history, err = removeHistory(ctx, u, p, remove)
				}
				if err != nil {
					return err
				}
				return a.print(wire.HistoryOf(history), func(w io.Writer) { historyTable(w, history) })
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&add, "add", "", "add an entry: what was `done`")
	flags.StringVar(&by, "by", thisUser(), "who did it")
	flags.IntVar(&remove, "remove", 0, "remove the entry of this `number`")
	command.MarkFlagsMutuallyExclusive("add", "remove")
	return command
}

func addHistory(
	ctx context.Context, u *useCases, id syncer.PlayerID, entry syncer.HistoryEntry,
) ([]syncer.HistoryEntry, error) {
	player, err := u.edits.Edit(ctx, id, merge.Edit{History: []syncer.HistoryEntry{entry}}, nil)
	if err != nil {
		return nil, err
	}
	return player.History, nil
}

// removeHistory removes an entry by its number in the list, and returns the others.
func removeHistory(
	ctx context.Context, u *useCases, p *syncer.Player, number int,
) ([]syncer.HistoryEntry, error) {
	if number < 1 || number > len(p.History) {
		return nil, usagef("--remove: there are entries 1 to %d, not %d", len(p.History), number)
	}
	err := u.edits.RemoveHistory(ctx, p.ID, p.History[number-1])
	return slices.Delete(slices.Clone(p.History), number-1, number), err
}

func historyTable(w io.Writer, history []syncer.HistoryEntry) {
	if len(history) == 0 {
		fmt.Fprintln(w, "no history")
		return
	}
	rows := make([][]string, len(history))
	for i, entry := range history {
		rows[i] = []string{strconv.Itoa(i + 1), clock(entry.Time, ""), entry.By, entry.Action}
	}
	table(w, []string{"NO", "TIME", "BY", "ACTION"}, rows)
}
