package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/sidecar"
)

// Edits is what the console needs to change players; *sidecar.Edits is one. The player in
// what it returns is shared.
type Edits interface {
	Edit(ctx context.Context, id syncer.PlayerID, edit merge.Edit, expected *int64) (*syncer.Player, error)
	Mute(ctx context.Context, mute syncer.NewMute) (syncer.Muting, error)
	Unmute(ctx context.Context, id syncer.PlayerID, by string) (syncer.Muting, error)
}

// Balances is what the console needs of balances; *sidecar.Balances is one.
type Balances interface {
	Of(ctx context.Context, id syncer.PlayerID) (syncer.Balances, sidecar.Source, error)
	Ledger(
		ctx context.Context, id syncer.PlayerID, currency string, before int64, size int,
	) ([]syncer.LedgerEntry, error)
	Currencies(ctx context.Context) ([]syncer.Currency, error)
	Transfer(ctx context.Context, m syncer.Transfer) (syncer.TransferResult, error)
}

// Kicks is what the console needs to have players kicked; *sidecar.Kicks is one.
type Kicks interface {
	Kick(ctx context.Context, kick syncer.Kick) (servers []string, err error)
}

// done leads back to the page of a player, or shows it with what was wrong.
func (p *players) done(w http.ResponseWriter, r *http.Request, s *session, what string, err error) {
	if err != nil {
		p.show(w, r, s, err)
		return
	}
	http.Redirect(w, r, p.console.url(pathOf(subject(r))+"?told="+what), http.StatusSeeOther)
}

// subject is the player that a request is about.
func subject(r *http.Request) syncer.PlayerID { return syncer.PlayerID(r.PathValue("id")) }

// change gives a player another rank, other flags and another mark, unless somebody else
// changed him since the form was shown.
func (p *players) change(w http.ResponseWriter, r *http.Request, s *session) {
	edit, err := p.editOf(r)
	if err == nil {
		var revision *int64
		if revision, err = expected(r); err == nil {
			_, err = p.console.deps.Edits.Edit(syncer.WithActor(r.Context(), s.name), subject(r), edit, revision)
		}
	}
	p.done(w, r, s, "edited", err)
}

// editOf reads the form with rank, flags and mark. What is as it was is left alone.
func (p *players) editOf(r *http.Request) (merge.Edit, error) {
	var edit merge.Edit
	if rank := strings.TrimSpace(r.PostFormValue("rank")); rank != r.PostFormValue("rank-before") {
		edit.Rank = syncer.Some(rank)
	}
	for _, flag := range r.PostForm["flag-before"] {
		if !slices.Contains(r.PostForm["flag"], flag) {
			edit.Flags.Remove = append(edit.Flags.Remove, flag)
		}
	}
	if flag := strings.TrimSpace(r.PostFormValue("add-flag")); flag != "" {
		edit.Flags.Add = []string{flag}
	}
	switch mark := strings.TrimSpace(r.PostFormValue("mark")); {
	case r.PostFormValue("unmark") != "":
		edit.UnmarkTime = syncer.Some(syncer.Time{})
	case mark != "":
		until, err := p.console.untilOf("mark", mark)
		if err != nil {
			return edit, err
		}
		edit.UnmarkTime = syncer.Some(until)
	}
	if edit.IsZero() {
		return edit, syncer.Invalid("", "nothing is to be changed")
	}
	return edit, nil
}

// untilOf returns until when something lasts that is to begin now; a word for ever: until it
// is ended.
func (c *Console) untilOf(field, duration string) (syncer.Time, error) {
	if duration == "" || syncer.IsForeverWord(duration) {
		return syncer.Forever, nil
	}
	lasts, err := syncer.ParseDuration(duration)
	if err != nil {
		return syncer.Time{}, syncer.Invalid(field, "%s", err)
	}
	return syncer.TimeOf(c.deps.Now().Add(lasts)), nil
}

func (p *players) mute(w http.ResponseWriter, r *http.Request, s *session) {
	until, err := p.console.untilOf("mute for", strings.TrimSpace(r.PostFormValue("duration")))
	var muting syncer.Muting
	if err == nil {
		muting, err = p.console.deps.Edits.Mute(r.Context(), syncer.NewMute{
			Player: subject(r), Until: until, Reason: r.PostFormValue("reason"), By: s.name,
			Replace: r.PostFormValue("replace") != "",
		})
	}
	if err == nil && muting.Outcome == syncer.MuteStands {
		err = &syncer.Error{
			Code: syncer.CodeConflict,
			Message: "the player is muted already, as the page says now; " +
				"give that mute this reason and end if you mean it",
		}
	}
	p.done(w, r, s, "muted", err)
}

func (p *players) unmute(w http.ResponseWriter, r *http.Request, s *session) {
	_, err := p.console.deps.Edits.Unmute(r.Context(), subject(r), s.name)
	p.done(w, r, s, "unmuted", err)
}

// note adds an entry to the history of a player.
func (p *players) note(w http.ResponseWriter, r *http.Request, s *session) {
	text := strings.TrimSpace(r.PostFormValue("note"))
	if text == "" {
		p.done(w, r, s, "", syncer.Invalid("note", "must not be empty"))
		return
	}
	entry := syncer.HistoryEntry{Action: text, By: s.name, Time: syncer.TimeOf(p.console.deps.Now())}
	edit := merge.Edit{History: []syncer.HistoryEntry{entry}}
	_, err := p.console.deps.Edits.Edit(syncer.WithActor(r.Context(), s.name), subject(r), edit, nil)
	p.done(w, r, s, "noted", err)
}

// pay gives a player something or takes it; the key of the form makes it happen once.
func (p *players) pay(w http.ResponseWriter, r *http.Request, s *session) {
	amount, err := strconv.ParseInt(strings.TrimSpace(r.PostFormValue("amount")), 10, 64)
	if err != nil || amount < 1 {
		p.done(w, r, s, "", syncer.Invalid("amount", "must be a whole number from 1"))
		return
	}
	if r.PostFormValue("way") == "take" {
		amount = -amount
	}
	_, err = p.console.deps.Balances.Transfer(r.Context(), syncer.Transfer{
		Currency: r.PostFormValue("currency"), Key: r.PostFormValue("key"), Reason: r.PostFormValue("reason"),
		By: s.name,
	}.Change(subject(r), amount))
	p.done(w, r, s, "paid", err)
}

func (p *players) kick(w http.ResponseWriter, r *http.Request, s *session) {
	_, err := p.console.deps.Kicks.Kick(r.Context(), syncer.Kick{
		Player: subject(r), Reason: r.PostFormValue("reason"), By: s.name,
	})
	p.done(w, r, s, "kicked", err)
}
