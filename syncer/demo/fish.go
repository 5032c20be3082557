package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"playersync/syncer/httpapi/wire"
)

// uploadRounds is how often both servers change Steve at the same moment.
const uploadRounds = 100

// Names that the plugin knows.
var (
	uploadRanks = strings.Fields("active trusted mod admin manager pi fish")
	uploadFlags = []string{"developer", "map analyst", "member", "illusionist", "map expert", "no_effects"}
)

// playUploads lets two servers speak the protocol of the fish-commands plugin, which
// fetches a player, changes its copy and uploads all of it.
func playUploads(ctx context.Context, s *Stage) error {
	s.Say(fmt.Sprintf("A plugin that uploads whole copies needs no change either. Both servers fetch Steve; then, "+
		"at the same moment, "+
		"survival uploads its copy with another rank, and pvp its copy with a flag given or taken. Neither copy has "+
		"the other's change. "+
		"%d times in a row:", uploadRounds))
	s.Blank()
	if err := s.welcomeSteve(ctx); err != nil {
		return err
	}
	u := &uploads{Stage: s, wanted: uploadState{rank: "player"}, careless: uploadState{rank: "player"}}
	for round := range uploadRounds {
		if err := u.play(ctx, round); err != nil {
			return err
		}
	}
	s.Did(survival, "fetches, changes the rank, uploads: mean", u.took[0]/uploadRounds)
	s.Did(pvp, "fetches, changes a flag, uploads: mean", u.took[1]/uploadRounds)
	all := fmt.Sprintf("%d of %d", uploadRounds, uploadRounds)
	s.Check("after every round the row had both changes", fmt.Sprintf("%d of %d", u.stored, uploadRounds), all)
	s.Check("and both servers held both in memory", fmt.Sprintf("%d of %d", u.held, uploadRounds), all)
	s.Check(fmt.Sprintf("keeping the later upload as it is would have lost %d of the %d changes", u.lost,
		2*uploadRounds), u.lost > 0, true)
	return nil
}

// uploadState is what the uploads change of Steve.
type uploadState struct {
	rank  string
	flags []string // sorted
}

func (s uploadState) equals(other uploadState) bool {
	return s.rank == other.rank && slices.Equal(s.flags, other.flags)
}

// toggled returns the state with the flag given or taken.
func (s uploadState) toggled(flag string, given bool) uploadState {
	s.flags = slices.DeleteFunc(slices.Clone(s.flags), func(f string) bool { return f == flag })
	if given {
		s.flags = append(s.flags, flag)
		slices.Sort(s.flags)
	}
	return s
}

// uploads is the state of the chapter.
type uploads struct {
	*Stage
	wanted       uploadState // all changes so far
	careless     uploadState // the same if the later upload of a round is kept whole
	lost         int         // changes that are missing there after their round
	stored, held int         // rounds after which the row, and both servers, had both
	took         [2]time.Duration
}

// changesOf returns the rank and the flag that a round sets. The flags run through all
// their sets, as a Gray code does, so that no two rounds upload the same: within moments
// that would be taken for one upload sent twice.
func changesOf(round int) (rank, flag string) {
	bit := min(bits.TrailingZeros(uint(round+1)), len(uploadFlags)-1)
	return uploadRanks[round%len(uploadRanks)], uploadFlags[bit]
}

// play is one round.
func (u *uploads) play(ctx context.Context, round int) error {
	rank, flag := changesOf(round)
	given := !slices.Contains(u.wanted.flags, flag)
	var copies [2]map[string]any
	fetched, err := u.both(func(i int, server *GameServer) (err error) {
		copies[i], err = server.fetch(ctx)
		return err
	})
	if err != nil {
		return err
	}
	copies[0]["rank"] = rank
	copies[1]["flags"] = u.wanted.toggled(flag, given).flags
	marks := []Mark{u.Survival.Mark(), u.PvP.Mark()}
	var arrived [2]time.Time
	uploaded, err := u.both(func(i int, server *GameServer) error {
		err := server.upload(ctx, copies[i])
		arrived[i] = time.Now()
		return err
	})
	if err != nil {
		return err
	}
	for i := range u.took {
		u.took[i] += fetched[i] + uploaded[i]
	}
	u.compare(rank, flag, given, arrived[0].After(arrived[1]))
	u.wanted = u.wanted.toggled(flag, given)
	u.wanted.rank = rank
	return u.verify(ctx, marks)
}

// both lets both servers do something at the same moment, and returns how long each
// took.
func (u *uploads) both(do func(i int, server *GameServer) error) (took [2]time.Duration, err error) {
	start := make(chan struct{})
	var group errgroup.Group
	for i, server := range u.GameServers() {
		group.Go(func() error {
			<-start
			began := time.Now()
			err := do(i, server)
			took[i] = time.Since(began)
			return err
		})
	}
	close(start)
	return took, group.Wait()
}

// compare counts what a round loses where the upload that came later is kept whole.
func (u *uploads) compare(rank, flag string, given, rankLast bool) {
	if rankLast {
		u.careless.rank = rank
	} else {
		u.careless = u.careless.toggled(flag, given)
	}
	if u.careless.rank != rank {
		u.lost++
	}
	if slices.Contains(u.careless.flags, flag) != given {
		u.lost++
	}
}

// verify looks for both changes in the row and, once they were told of them, on both
// servers.
func (u *uploads) verify(ctx context.Context, marks []Mark) error {
	var row uploadState
	if err := u.Psql.Row(ctx, "select rank, flags from player where uuid = 'steve'",
		&row.rank, &row.flags); err != nil {
		return err
	}
	slices.Sort(row.flags)
	if !row.equals(u.wanted) {
		return nil // and so it is not counted
	}
	u.stored++
	has := func(r wire.Record) bool {
		return uploadState{r.Rank, slices.Sorted(slices.Values(r.Flags))}.equals(u.wanted)
	}
	for _, mark := range marks {
		if _, err := mark.Until(ctx, "both changes", steveWhose(has)); err != nil {
			return err
		}
		record, source, err := mark.server.Player(ctx, steve)
		if err != nil {
			return err
		}
		if source != "memory" || !has(record) {
			return nil
		}
	}
	u.held++
	return nil
}

// uploadPort is the port that both games say they are reached at.
const uploadPort = 6567

// fetch asks for Steve as the plugin does, and returns its copy: all that the answer
// has, except for what is only in messages.
func (g *GameServer) fetch(ctx context.Context) (map[string]any, error) {
	answer, err := g.speak(ctx, "", map[string]any{"id": steve})
	if err != nil {
		return nil, err
	}
	var held map[string]any
	if err := json.Unmarshal(answer, &held); err != nil {
		return nil, fmt.Errorf("%s: decode player: %w", g.Name, err)
	}
	for name := range held {
		if strings.HasPrefix(name, "global") {
			delete(held, name)
		}
	}
	return held, nil
}

// upload sends the whole copy, as after an important change.
func (g *GameServer) upload(ctx context.Context, held map[string]any) error {
	_, err := g.speak(ctx, "/set", map[string]any{"player": held, "ignoreActivelySyncedFields": false})
	return err
}

// speak makes a request of the plugin's protocol.
func (g *GameServer) speak(ctx context.Context, path string, body map[string]any) ([]byte, error) {
	body["gamemode"], body["port"] = g.Name, uploadPort
	response, err := g.do(ctx, http.MethodPost, "/api/fish-player"+path, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}
