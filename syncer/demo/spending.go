package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
)

// playSpending lets Steve, who has money for one sword, buy one on each server in
// the same moment.
func playSpending(ctx context.Context, s *Stage) error {
	s.Say("Money is spent in the database, by a difference, and never from a copy: of two purchases in the same " +
		"moment the second finds what the first has left. " +
		"Each has a key, so that it can be sent again when its answer was lost.")
	s.Blank()
	if err := s.welcomeSteve(ctx, s.GameServers()...); err != nil {
		return err
	}
	if err := s.Psql.Run(ctx, "insert into currency (name) values ('coins') on conflict do nothing"); err != nil {
		return err
	}
	if err := s.Announce(ctx, "select change_balance('steve', 'coins', 1000)", "Steve has 1000 coins",
		steveOwns(1000)); err != nil {
		return err
	}
	s.Blank()
	if err := s.buyTwice(ctx); err != nil {
		return err
	}
	if err := s.verifySpending(ctx); err != nil {
		return err
	}
	return s.dismissSteve(ctx)
}

// steveOwns matches an event that shows how many coins Steve has.
func steveOwns(coins int64) func(Event) bool {
	return func(e Event) bool {
		return e.Type == changefeed.EventBalance && e.Balance.UUID == steve && e.Balance.Balances["coins"] == coins
	}
}

// purchase is one server's attempt to sell Steve a sword, and its outcome.
type purchase struct {
	server *GameServer
	key    string
	took   time.Duration
	short  bool // there was not enough
	moved  wire.Moved
}

// buyTwice sells a sword on both servers at once, and once more what was sold.
func (s *Stage) buyTwice(ctx context.Context) error {
	marks := []Mark{s.Survival.Mark(), s.PvP.Mark()}
	attempts := []*purchase{{server: s.Survival, key: rand.Text()}, {server: s.PvP, key: rand.Text()}}
	began := time.Now()
	var both errgroup.Group
	for _, p := range attempts {
		both.Go(func() error { return p.buy(ctx) })
	}
	if err := both.Wait(); err != nil {
		return err
	}
	var sold []*purchase
	for _, p := range attempts {
		if p.short {
			s.Did(p.server.Name, "sells Steve a sword for 600 coins: refused, he has not enough", p.took)
		} else {
			s.Did(p.server.Name, "sells Steve a sword for 600 coins: paid", p.took)
			sold = append(sold, p)
		}
	}
	for _, mark := range marks {
		at, err := mark.Until(ctx, "Steve has 400 coins", steveOwns(400))
		if err != nil {
			return err
		}
		s.Did(mark.server.Name, "is told: Steve has 400 coins", at.Sub(began))
	}
	for _, p := range sold {
		if err := p.buy(ctx); err != nil {
			return err
		}
		s.Did(p.server.Name, "has lost the answer and sends the purchase again", p.took)
	}
	s.Blank()
	s.Check("one of the two purchases was paid", len(sold), 1)
	for _, p := range sold {
		s.Check("sent again it was known, and not paid twice", p.outcome(), "paid before, 400 coins left")
	}
	return nil
}

// buy sends the purchase; it may be sent again.
func (p *purchase) buy(ctx context.Context) error {
	began := time.Now()
	_, err := p.server.send(ctx, http.MethodPost, path(steve)+"/balances/coins",
		map[string]any{"change": -600, "key": p.key, "reason": "sword"}, &p.moved)
	p.took = time.Since(began)
	refused, ok := errors.AsType[*refusal](err)
	if p.short = ok && refused.status == http.StatusPaymentRequired; p.short {
		return nil
	}
	return err
}

// outcome tells what the last answer said.
func (p *purchase) outcome() string {
	switch {
	case p.short:
		return "not enough"
	case len(p.moved.Entries) != 1:
		return fmt.Sprintf("%d entries", len(p.moved.Entries))
	case p.moved.Repeated:
		return fmt.Sprintf("paid before, %d coins left", p.moved.Entries[0].Balance)
	default:
		return fmt.Sprintf("paid, %d coins left", p.moved.Entries[0].Balance)
	}
}

// verifySpending compares what both servers hold, the row and the ledger.
func (s *Stage) verifySpending(ctx context.Context) error {
	for _, server := range s.GameServers() {
		var held wire.PlayerBalances
		header, err := server.send(ctx, http.MethodGet, path(steve)+"/balances", nil, &held)
		if err != nil {
			return err
		}
		got := fmt.Sprintf("%d coins, from %s", held.Balances["coins"], header.Get("Syncer-Source"))
		s.Check(server.Name+" holds what is left", got, "400 coins, from memory")
	}
	var changes, balance, sum string
	err := s.Psql.Row(ctx,
		`select string_agg(change::text, ', ' order by id), sum(change)::text,
			(select amount::text from balance where uuid = 'steve')
		from ledger where uuid = 'steve'`, &changes, &sum, &balance)
	if err != nil {
		return err
	}
	s.Check("the ledger has one purchase", changes, "1000, -600")
	s.Check("the balance is the sum of the ledger", balance, sum)
	return nil
}
