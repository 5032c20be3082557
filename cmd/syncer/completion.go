package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

const (
	completions       = 50 // offered at most
	completionTimeout = 2 * time.Second
)

// complete asks the database for what a shell could offer. Whatever fails there
// offers nothing: nobody wants an error while typing.
func (a *app) complete(
	command *cobra.Command, wanted bool, ask func(context.Context, *useCases) ([]string, error),
) ([]string, cobra.ShellCompDirective) {
	if !wanted {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(command.Context(), completionTimeout)
	defer cancel()
	var found []string
	err := a.withUseCases(command, func(_ context.Context, u *useCases) (err error) {
		found, err = ask(ctx, u)
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeTargets offers who is banned.
func (a *app) completeTargets(
	command *cobra.Command, args []string, begun string,
) ([]string, cobra.ShellCompDirective) {
	return a.complete(command, len(args) == 0, func(ctx context.Context, u *useCases) ([]string, error) {
		bans, _, err := u.bans.ListBans(ctx, syncer.BanFilter{Active: new(true)}, sidecar.Page{Size: completions})
		found := make([]string, len(bans))
		for i, b := range bans {
			found[i] = cobra.CompletionWithDesc(b.Target.String(), clean(b.Reason))
		}
		return slices.DeleteFunc(found, func(item string) bool { return !strings.HasPrefix(item, begun) }), err
	})
}

// completePlayers offers names of players.
func (a *app) completePlayers(
	command *cobra.Command, args []string, begun string,
) ([]string, cobra.ShellCompDirective) {
	return a.complete(command, len(args) == 0, func(ctx context.Context, u *useCases) ([]string, error) {
		players, _, err := u.store.SearchPlayers(ctx, begun, completions, "")
		var found []string
		for _, p := range players {
			if clean(p.Name) == p.Name && !strings.ContainsAny(p.Name, " \t$`\"'\\") {
				found = append(found, cobra.CompletionWithDesc(p.Name, string(p.ID)))
			}
		}
		return found, err
	})
}
