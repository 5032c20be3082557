package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/httpapi/wire"
)

// pollInterval is that of the documents' second option.
const pollInterval = time.Second

// playPolling watches the same changes twice: with a query every second, and with
// a sidecar.
func playPolling(ctx context.Context, s *Stage) error {
	s.Say("A plugin that keeps Steve's data in memory must hear of changes. It can ask the database once a second. " +
		"Or it can be told: here survival follows the events of its syncer, while a poller looks at the same row.")
	s.Blank()
	if err := s.welcomeSteve(ctx, s.GameServers()...); err != nil {
		return err
	}
	poller, err := startPoller(ctx, s.databaseURL)
	if err != nil {
		return err
	}
	defer poller.close()

	// The first change of all prepares statements on fresh connections.
	if _, _, err := s.race(ctx, poller, "newcomer"); err != nil {
		return err
	}
	s.pollingRow("pvp sets Steve's rank to", "the poller sees it", "survival is told", "")
	ranks := []string{"trusted", "mod", "admin"}
	var polled, told time.Duration
	for i, rank := range ranks {
		// Changes fall evenly into the poller's second, as they do in life.
		if err := wait(ctx, time.Duration(2*i+1)*pollInterval/time.Duration(2*len(ranks))); err != nil {
			return err
		}
		byPoll, byEvent, err := s.race(ctx, poller, rank)
		if err != nil {
			return err
		}
		s.pollingRow(rank, Millis(byPoll).String(), Millis(byEvent).String(), ratio(byPoll, byEvent))
		s.record("poller", "learns of rank "+rank, byPoll)
		s.record(survival, "is told of rank "+rank, byEvent)
		polled, told = polled+byPoll, told+byEvent
	}
	n := time.Duration(len(ranks))
	s.pollingRow("mean", Millis(polled/n).String(), Millis(told/n).String(), ratio(polled, told))
	s.Blank()
	last := ranks[len(ranks)-1]
	s.Check("on average survival knew first", told < polled, true)
	s.Check("the poller saw the last change", poller.seen, last)
	if err := s.checkBothHold(ctx, "holds it too", last, func(r wire.Record) string { return r.Rank }); err != nil {
		return err
	}
	return s.dismissSteve(ctx)
}

// race changes Steve's rank on pvp and returns how long it took to be known.
func (s *Stage) race(ctx context.Context, p *poller, rank string) (byPoll, byEvent time.Duration, err error) {
	mark := s.Survival.Mark()
	began := time.Now()
	if _, err := s.PvP.Patch(ctx, steve, map[string]any{"rank": rank}); err != nil {
		return 0, 0, err
	}
	told, err := mark.Until(ctx, "rank "+rank, steveRanked(rank))
	if err != nil {
		return 0, 0, err
	}
	polled, err := p.until(ctx, rank)
	return polled.Sub(began), told.Sub(began), err
}

func (s *Stage) pollingRow(what, polled, told, ratio string) {
	s.page.line(right(what, 30), left(polled, 20), left(told, 20), left(ratio, 20))
}

func ratio(slow, fast time.Duration) string {
	return fmt.Sprintf("%.0f × faster", float64(slow)/float64(fast))
}

// poller asks for Steve's rank once a second.
type poller struct {
	conn   *pgx.Conn
	ticker *time.Ticker
	seen   string
}

func startPoller(ctx context.Context, url string) (*poller, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("connect poller: %w", err)
	}
	return &poller{conn: conn, ticker: time.NewTicker(pollInterval)}, nil
}

// until polls until the rank is the given one, and returns when it was known.
func (p *poller) until(ctx context.Context, rank string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	for {
		select {
		case <-p.ticker.C:
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("wait for the poller to see rank %s: %w", rank, ctx.Err())
		}
		if err := p.conn.QueryRow(ctx, "select rank from player where uuid = $1", steve).Scan(&p.seen); err != nil {
			return time.Time{}, fmt.Errorf("poll: %w", err)
		}
		if p.seen == rank {
			return time.Now(), nil
		}
	}
}

func (p *poller) close() {
	p.ticker.Stop()
	_ = p.conn.Close(context.Background()) // it may be broken already
}
