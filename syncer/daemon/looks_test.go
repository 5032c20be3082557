package daemon_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
)

// look asks a node for what its game server was told is stored. Whatever is broken, memory does
// not say anything older; it may not answer.
func (a *acknowledged) look(n *node, i int) error {
	switch rand.IntN(4) {
	case 0:
		return a.lookForBan(n, i)
	case 1:
		body := fmt.Sprintf(`{"uuid": "nobody %d"}`, a.last.Load())
		answered, err := a.sent.try(n, http.MethodPost, "/v1/bans/check", body)
		if isStored(answered, err) && answered.field("banned") != false {
			return fmt.Errorf("node %s: nobody is banned: %s", n.name, answered.body)
		}
	default:
		return a.lookForRank(n, i)
	}
	return nil
}

func (a *acknowledged) lookForBan(n *node, i int) error {
	var id string
	a.add(func() {
		if known := a.servers[i].known(); len(known) > 0 {
			id = pick(known)
		}
	})
	if id == "" {
		return nil
	}
	answered, err := a.sent.try(n, http.MethodPost, "/v1/bans/check", fmt.Sprintf(`{"uuid": %q}`, id))
	if !isStored(answered, err) || answered.field("banned") == true {
		return nil
	}
	a.add(func() {
		if slices.Contains(a.servers[i].known(), id) {
			err = fmt.Errorf("node %s: the ban of %s was stored by it: %s", n.name, id, answered.body)
		}
	})
	return err
}

// lookForRank looks as another program than the game, which does not hold what this one is shown.
func (a *acknowledged) lookForRank(n *node, i int) error {
	var last string
	a.add(func() { last = a.servers[i].rank })
	answered, err := a.sent.try(n, http.MethodGet, player(a.player(i)), "", "User-Agent", "onlooker")
	if !isStored(answered, err) {
		return nil
	}
	if shown := fmt.Sprint(answered.field("rank")); number(shown) < number(last) {
		return fmt.Errorf("node %s: the rank %s was stored by it, but it says %s (%s)", n.name, last, shown,
			answered.header.Get("Syncer-Source"))
	}
	return nil
}

// number is the one that was given to a note; 0 without one.
func number(note string) (number int) {
	_, _ = fmt.Sscanf(note, "note %d", &number)
	return number
}
