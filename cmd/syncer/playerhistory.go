package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

func newPlayerHistoryCommand(a *app) *cobra.Command {
	var add, by string
	var remove int
	command := &cobra.Command{
		Use:   "history PLAYER",
		Short: "Show what was done to a player; add or remove an entry",
		Long: `Show the history of moderation actions on a player, oldest first. Servers can only
add to it; --remove takes an entry away, by its number in the list.`,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) error {
				player, err := findPlayer(ctx, s, args[0])
				if err != nil {
					return err
				}
				history := player.History
				switch flags := command.Flags(); {
				case flags.Changed("add"):
					entry := syncer.HistoryEntry{Action: add, By: by, Time: syncer.TimeOf(now)}
					history, err = addHistory(ctx, s, player, entry)
				case flags.Changed("remove"):
					history, err = removeHistory(ctx, s, player, remove)
				}
				if err != nil {
					return err
				}
				return a.print(wire.HistoryOf(history).History, func(w io.Writer) { historyTable(w, history) })
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
	ctx context.Context, s *store.Store, p *syncer.Player, entry syncer.HistoryEntry,
) ([]syncer.HistoryEntry, error) {
	edit := merge.Edit{History: []syncer.HistoryEntry{entry}}
	if err := edit.Validate(); err != nil {
		return nil, err
	}
	reading, _, err := s.EditPlayer(ctx, p.ID, edit, nil)
	if err != nil {
		return nil, err
	}
	return reading.Player.History, nil
}

func removeHistory(ctx context.Context, s *store.Store, p *syncer.Player, number int) ([]syncer.HistoryEntry, error) {
	if number < 1 || number > len(p.History) {
		return nil, usagef("--remove: there are entries 1 to %d, not %d", len(p.History), number)
	}
	removed, err := s.RemoveHistory(ctx, p.ID, p.History[number-1])
	if err != nil {
		return nil, err
	}
	if !removed {
		return nil, fmt.Errorf("entry %d is gone already", number)
	}
	return append(p.History[:number-1:number-1], p.History[number:]...), nil
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
