package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/store"
)

func newChatCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:     "chat",
		Short:   "Read the staff chat, and write in it",
		Long:    `Read and write what the staff of all servers say to each other.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{newChatReadCommand(a), newChatSendCommand(a)} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	return command
}

func newChatReadCommand(a *app) *cobra.Command {
	var limit int
	var follow bool
	command := &cobra.Command{
		Use:   "read",
		Short: "Show the last messages of the staff chat",
		Long: `Show the last messages of the staff chat, oldest first. With --follow those that are
sent from then on follow, until interrupted; then --json prints one on each line.`,
		Example: `  syncer chat read --limit 20 --follow`,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if limit < 1 || limit > 10_000 {
				return usagef("--limit: must be from 1 to 10000")
			}
			if follow {
				return a.followChat(command, limit)
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				messages, err := u.chat.Messages(ctx, 0, limit)
				if err != nil {
					return err
				}
				return a.print(wire.StaffMessagesOf(messages), func(w io.Writer) {
					if len(messages) == 0 {
						fmt.Fprintln(w, "nobody has said anything in the last 30 days")
					}
					for _, m := range messages {
						writeMessage(w, m)
					}
				})
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 50, "so many of the last messages")
	command.Flags().BoolVarP(&follow, "follow", "f", false, "then show new messages as they are sent")
	return command
}

// chatPage is how many messages are read at once.
const chatPage = 500

// followChat shows the last messages, and what is sent from then on. Events only say when
// to read, so that no message is missed or shown twice.
func (a *app) followChat(command *cobra.Command, limit int) error {
	return a.watch(command, func(s *store.Store) *watcher {
		w := newWatcher(a, s, changefeed.EventChat)
		var last int64
		read := func(ctx context.Context, size int) (int, error) {
			messages, err := s.StaffMessagesAfter(ctx, last, size)
			for _, m := range messages {
				last = m.Number
				if err := a.showMessage(m); err != nil {
					return 0, err
				}
			}
			return len(messages), err
		}
		w.begin = func(ctx context.Context) error {
			if last == 0 {
				if _, err := read(ctx, limit); err != nil {
					return err
				}
			}
			for {
				if n, err := read(ctx, chatPage); err != nil || n < chatPage {
					return err
				}
			}
		}
		w.show = func(ctx context.Context, e changefeed.Event) error {
			if e.Type != changefeed.EventChat && e.Type != changefeed.EventResync {
				return nil
			}
			return w.begin(ctx)
		}
		return w
	})
}

func (a *app) showMessage(m syncer.StaffMessage) error {
	if a.json {
		return json.NewEncoder(a.out).Encode(wire.StaffMessageOf(m))
	}
	writeMessage(a.out, m)
	return nil
}

// writeMessage writes a message of the staff chat.
func writeMessage(w io.Writer, m syncer.StaffMessage) {
	writeRemark(w, fmt.Sprintf("%s %s@%s: %s", clock(m.SentAt, ""), cmp.Or(m.Name, m.Player, "?"), m.Server, m.Text))
}

// writeRemark writes what somebody said in as many lines as it needs.
func writeRemark(w io.Writer, said string) {
	const indent = "    "
	said = clean(strings.Join(strings.Fields(said), " "))
	fmt.Fprintln(w, strings.Join(wrapped(said, screenWidth(w)-len(indent)), "\n"+indent))
}

func newChatSendCommand(a *app) *cobra.Command {
	var name, server string
	command := &cobra.Command{
		Use:   "send TEXT",
		Short: "Say something to the staff of all servers",
		Long: `Say something to the staff of all servers. Servers of the gamemode that --server names
do not get it, as if it was said there. The webhook does not get it either. The same
again within five seconds is the same message.`,
		Example: `  syncer chat send 'who is on pvp?' --name Alice`,
		Args:    exactly("TEXT"),
		RunE: func(command *cobra.Command, args []string) error {
			message, err := wire.NewStaffMessage{Server: server, Name: name, Text: args[0]}.Message()
			if err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				sent, err := u.chat.Send(ctx, message, false)
				if err != nil {
					return err
				}
				return a.print(wire.StaffMessageOf(sent), func(w io.Writer) { writeMessage(w, sent) })
			})
		},
	}
	command.Flags().StringVar(&name, "name", thisUser(), "who says it")
	command.Flags().StringVar(&server, "server", "console",
		"from where: a `name` that is no server's gamemode reaches all servers")
	return command
}
