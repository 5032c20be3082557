package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"playersync/syncer"
	"playersync/syncer/httpapi/strict"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// playerChanges are the flags of player set.
type playerChanges struct {
	rank, mark, name, overrideName, highlight, language, strictness, attributes, by string

	addFlags, removeFlags []string
	unmark, create        bool
	revision              int64
}

func newPlayerSetCommand(a *app) *cobra.Command {
	var changes playerChanges
	command := &cobra.Command{
		Use:   "set PLAYER",
		Short: "Change a player, on every server at once",
		Long: `Change a player. Each change is applied to what the database holds at that moment;
nothing that others changed meanwhile is lost. An empty value for --override-name
or --highlight removes it. To mute a player, see: syncer mute --help`,
		Example: `  syncer player set Steve --rank admin --add-flag builder
  syncer player set Steve --mark 2h
  syncer player set Steve --attributes '{"shop": {"price": 5, "trial": null}}'`,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				edit, err := changes.edit(command.Flags(), u.now)
				if err != nil {
					return err
				}
				player, err := findPlayer(ctx, u.store, args[0])
				if changes.create && syncer.CodeOf(err) == syncer.CodeNotFound {
					player, err = createPlayer(ctx, u.store, args[0])
				}
				if err != nil {
					return err
				}
				by := syncer.WithActor(ctx, changes.by)
				player, err = u.edits.Edit(by, player.ID, edit, changes.expected(command))
				if err != nil {
					return err
				}
				bans, err := u.bans.CheckBans(ctx, player.ID, netip.Addr{})
				if err != nil {
					return err
				}
				return a.printPlayer(player, bans, u.now)
			})
		},
	}
	changes.register(command)
	return command
}

func (c *playerChanges) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&c.rank, "rank", "", "rank")
	flags.StringArrayVar(&c.addFlags, "add-flag", nil, "`flag` to add; may be repeated")
	flags.StringArrayVar(&c.removeFlags, "remove-flag", nil, "`flag` to remove; may be repeated")
	flags.StringVar(&c.mark, "mark", "", "mark: a `duration` such as 2h, 7d or 1mo (30 days), a time, or forever")
	flags.BoolVar(&c.unmark, "unmark", false, "unmark")
	flags.StringVar(&c.attributes, "attributes", "",
		"JSON merge `patch` of the plugins' attributes; null removes a key")
	flags.StringVar(&c.name, "name", "", "name, colour tags included")
	flags.StringVar(&c.overrideName, "override-name", "", "`name` shown instead; empty for none")
	flags.StringVar(&c.highlight, "highlight", "", "`markup` of chat messages; empty for none")
	flags.StringVar(&c.language, "language", "", "language code")
	flags.StringVar(&c.strictness, "chat-strictness", "", "chat or strict")
	flags.Int64Var(&c.revision, "if-revision", 0, "fail if the player's revision is another")
	flags.BoolVar(&c.create, "create", false, "make the player of this id if nobody has that id or name")
	flags.StringVar(&c.by, "by", thisUser(), "who changes it")
	command.MarkFlagsMutuallyExclusive("mark", "unmark")
}

// expected is the revision that the player must have, nil for any.
func (c *playerChanges) expected(command *cobra.Command) *int64 {
	if command.Flags().Changed("if-revision") {
		return &c.revision
	}
	return nil
}

// edit is what the given flags ask for.
func (c *playerChanges) edit(flags *pflag.FlagSet, now time.Time) (merge.Edit, error) {
	edit := merge.Edit{Flags: merge.SetEdit{Add: c.addFlags, Remove: c.removeFlags}}
	if c.unmark || flags.Changed("mark") {
		edit.UnmarkTime.Set = true
	}
	if flags.Changed("mark") {
		var err error
		if edit.UnmarkTime.Value, err = parseUntil("mark", c.mark, now); err != nil {
			return merge.Edit{}, err
		}
	}
	for flag, field := range map[string]struct {
		text   string
		target *syncer.Optional[string]
	}{
		"rank": {c.rank, &edit.Rank}, "name": {c.name, &edit.Name}, "language": {c.language, &edit.Language},
		"chat-strictness": {c.strictness, &edit.ChatStrictness},
	} {
		if flags.Changed(flag) {
			*field.target = syncer.Some(field.text)
		}
	}
	if flags.Changed("override-name") {
		edit.OverrideName = syncer.Some(orNull(c.overrideName))
	}
	if flags.Changed("highlight") {
		edit.Highlight = syncer.Some(orNull(c.highlight))
	}
	if flags.Changed("attributes") {
		patch, err := parseAttributes(c.attributes)
		if err != nil {
			return merge.Edit{}, err
		}
		edit.Attributes = []json.RawMessage{patch}
	}
	if edit.IsZero() && !c.create {
		return merge.Edit{}, usagef("say what to change; see: syncer player set --help")
	}
	return edit, nil
}

// parseAttributes reads a merge patch as the API does.
func parseAttributes(text string) (json.RawMessage, error) {
	var patch wire.PlayerPatch
	patch.Attributes.Set = true
	err, refused := errors.AsType[*strict.Error](strict.Unmarshal([]byte(text), &patch.Attributes.Value))
	switch {
	case refused && err.Malformed == "" && err.Faults[0].Path != "":
		return nil, usagef("--attributes: %s", err)
	case refused || patch.Attributes.Value == nil:
		return nil, usagef("--attributes: is not a JSON object")
	}
	return patch.AttributesPatch(), nil
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// createPlayer makes a player with every field at its default.
func createPlayer(ctx context.Context, s *store.Store, text string) (*syncer.Player, error) {
	target, err := syncer.ReadTarget(text)
	if err == nil && target.ID == "" {
		err = syncer.Invalid("uuid", "%q is an address, not a player id", text)
	}
	if err != nil {
		return nil, err
	}
	if err := s.CreatePlayers(ctx, []syncer.PlayerID{target.ID}); err != nil {
		return nil, err
	}
	return findPlayer(ctx, s, target.Text())
}
