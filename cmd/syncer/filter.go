package main

import (
	"cmp"
	"context"
	"math"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer"
	"playersync/syncer/store"
)

// A list is cut down by flags that name a player, a game server, a map or a currency. One
// that stays empty because there is no such thing says so, and ends with the exit code
// for what is not there; over HTTP it is an empty list.

// orNotThere returns what the checks of an empty list find not to be there, if anything,
// having printed the empty list for programs.
func (a *app) orNotThere(none any, checks ...error) error {
	if reason := cmp.Or(checks...); reason != nil {
		return a.nothing(none, reason)
	}
	return nil
}

// identifyFlag returns the player whom a flag means by id or name; none stays none. One
// that nobody has is returned as it is.
func identifyFlag(ctx context.Context, u *useCases, flag, text string) (syncer.IdentifiedTarget, error) {
	if text == "" {
		return syncer.IdentifiedTarget{Known: true}, nil
	}
	target, err := syncer.ParseTarget(text, "")
	if err != nil {
		return syncer.IdentifiedTarget{}, syncer.InField(flag, err)
	}
	identified, err := u.bans.Identify(ctx, target)
	return identified, syncer.InField(flag, err)
}

// knownPlayer returns not_found for a player whom nobody is.
func knownPlayer(player syncer.IdentifiedTarget) error {
	if player.Known {
		return nil
	}
	return syncer.NotFound("no player has the id or name %q", player.Target.ID)
}

// knownServer returns not_found for the name of a game server that no sidecar has spoken
// for; none is known.
func knownServer(ctx context.Context, s *store.Store, name string) error {
	if name == "" {
		return nil
	}
	servers, err := s.ServerOverview(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(servers))
	for i, server := range servers {
		if names[i] = server.Name; names[i] == name {
			return nil
		}
	}
	return syncer.NotFound("there is no game server %q%s; see: syncer server list", name,
		config.Suggestion(name, names))
}

// playedMap returns not_found for a map of which no run has ended; none is known.
func playedMap(ctx context.Context, s *store.Store, name string) error {
	if name == "" {
		return nil
	}
	runs, err := s.ListMapRuns(ctx, syncer.MapRunFilter{Map: name}, math.MaxInt64, 1)
	if err != nil || len(runs) > 0 {
		return err
	}
	return noRuns(ctx, s, name)
}

// knownCurrency returns not_found for a currency that there is not; none is known.
func knownCurrency(ctx context.Context, s *store.Store, name string) error {
	if name == "" {
		return nil
	}
	currencies, err := s.Currencies(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(currencies))
	for i, currency := range currencies {
		if names[i] = currency.Name; names[i] == name {
			return nil
		}
	}
	return syncer.NotFound("there is no currency %q%s; see: syncer currency list", name,
		config.Suggestion(name, names))
}
