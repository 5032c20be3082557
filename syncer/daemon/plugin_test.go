package daemon_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
)

// fishPlayer is a player in the memory of the plugin, with the names of the
// protocol. Times are milliseconds.
type fishPlayer struct {
	UUID         string           `json:"uuid"`
	Rank         string           `json:"rank"`
	Flags        []string         `json:"flags"`
	UnmuteTime   int64            `json:"unmuteTime"`
	UnmarkTime   int64            `json:"unmarkTime"`
	Name         string           `json:"name"`
	OverrideName *string          `json:"overrideName"`
	Highlight    *string          `json:"highlight"`
	History      []fishEntry      `json:"history"`
	Achievements string           `json:"achievements"`
	USID         *string          `json:"usid"`
	LastJoined   int64            `json:"lastJoined"`
	FirstJoined  int64            `json:"firstJoined"`
	Stats        map[string]int64 `json:"stats"`
}

type fishEntry struct {
	Action string `json:"action"`
	By     string `json:"by"`
	Time   int64  `json:"time"`
}

// plugin behaves as the protocol's document says of the fish-commands plugin: its
// memory is used by one at a time, its calls overlap, and what fails is sent again.
type plugin struct {
	backend        string // host:port
	gamemode, name string
	port           int

	mu      sync.Mutex
	random  *rand.Rand
	clock   int64
	players map[string]*remembered
}

// remembered is one player as this server knows it. Autosaves keep clear of fetches
// under way: what the plugin counts between an answer and its arrival, and whether it
// saved in between, no backend can know (race R3).
type remembered struct {
	fishPlayer
	saving  sync.RWMutex
	synced  int64 // counter at the last answer or upload
	counted int64 // what was uploaded in all
}

func newPlugin(backend, name, gamemode string, port int, seed uint64) *plugin {
	return &plugin{
		backend: backend, name: name, gamemode: gamemode, port: port,
		random: rand.New(rand.NewPCG(seed, uint64(port))), clock: 1_700_000_000_000 + int64(port)*1_000_000,
		players: map[string]*remembered{},
	}
}

// dice returns a random number below n.
func (p *plugin) dice(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(n)
}

// known returns the player in memory, made as the plugin makes newcomers.
func (p *plugin) known(id string) *remembered {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, found := p.players[id]
	if !found {
		p.clock++
		r = &remembered{fishPlayer: fishPlayer{
			UUID: id, Rank: "player", Flags: []string{}, UnmuteTime: -1, UnmarkTime: -1, Name: "Steve",
			History: []fishEntry{}, Achievements: "[0]",
			USID: new("usid-" + p.name), LastJoined: p.clock, FirstJoined: p.clock,
			Stats: map[string]int64{
				"blocksBroken": 0, "blocksPlaced": 0, "timeInGame": 0, "chatMessagesSent": 0, "gamesFinished": 0,
				"gamesWon": 0,
			},
		}}
		p.players[id] = r
	}
	return r
}

// connect fetches, as at each connect and look-up.
func (p *plugin) connect(id string) error {
	r := p.known(id)
	r.saving.RLock()
	defer r.saving.RUnlock()
	answer, err := p.fetch(id)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return r.take(answer)
}

// play counts.
func (p *plugin) play(id string) {
	r := p.known(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Stats["blocksBroken"] += p.random.Int64N(5)
	r.Stats["timeInGame"]++
}

// autosave uploads as every five minutes, at a leave and at shutdown.
func (p *plugin) autosave(id string) error {
	r := p.known(id)
	r.saving.Lock()
	defer r.saving.Unlock()
	body := p.snapshot(r, true)
	return p.set(body)
}

// change makes an important change: apply, fetch, copy, apply again, upload.
func (p *plugin) change(id string, apply func(*fishPlayer, int64), action string) error {
	r := p.known(id)
	p.mu.Lock()
	p.clock++
	now := p.clock
	apply(&r.fishPlayer, now)
	p.mu.Unlock()
	r.saving.RLock()
	answer, err := p.fetch(id)
	if err != nil {
		r.saving.RUnlock()
		return err
	}
	p.mu.Lock()
	if err := r.take(answer); err != nil {
		p.mu.Unlock()
		r.saving.RUnlock()
		return err
	}
	apply(&r.fishPlayer, now)
	if action != "" {
		r.History = append(r.History, fishEntry{Action: action, By: p.name, Time: now})
	}
	p.mu.Unlock()
	body := p.snapshot(r, false)
	r.saving.RUnlock()
	return p.set(body)
}

// snapshot is the body of an upload.
func (p *plugin) snapshot(r *remembered, ignore bool) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.counted += r.Stats["blocksBroken"] - r.synced
	r.synced = r.Stats["blocksBroken"]
	body, _ := json.Marshal(map[string]any{
		"player": r.fishPlayer, "gamemode": p.gamemode, "port": p.port, "ignoreActivelySyncedFields": ignore,
	})
	return body
}

// take copies what is present and not null over the memory.
func (r *remembered) take(answer []byte) error {
	if len(answer) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(answer, &fields); err != nil {
		return fmt.Errorf("invalid data: %w", err)
	}
	for name, value := range fields {
		if name != "overrideName" && bytes.Equal(value, []byte("null")) {
			delete(fields, name)
		}
	}
	if fields["flags"] != nil {
		r.Flags = nil
	}
	if fields["history"] != nil {
		r.History = nil
	}
	if fields["stats"] != nil {
		r.Stats = map[string]int64{}
	}
	present, _ := json.Marshal(fields)
	if err := json.Unmarshal(present, &r.fishPlayer); err != nil {
		return fmt.Errorf("invalid data: %w", err)
	}
	if fields["stats"] != nil {
		r.synced = r.Stats["blocksBroken"]
	}
	return nil
}

func (p *plugin) fetch(id string) ([]byte, error) {
	body, _ := json.Marshal(map[string]any{"id": id, "gamemode": p.gamemode, "port": p.port})
	answer, status, err := p.post("fish-player", body)
	if err == nil && status >= http.StatusBadRequest {
		err = fmt.Errorf("fetch: %d %s", status, answer)
	}
	return answer, err
}

// set uploads, and once more at once after a failure that may pass.
func (p *plugin) set(body []byte) error {
	for attempt := range 2 {
		answer, status, err := p.post("fish-player/set", body)
		switch {
		case err == nil && status < http.StatusBadRequest:
			return nil
		case attempt == 1 || status >= 400 && status < 500:
			return fmt.Errorf("upload: %d %s: %w", status, answer, err)
		}
	}
	return nil
}

// post sends a request as the JDK does: once more if the connection breaks without
// an answer. Some connections break before the request is through, some after.
func (p *plugin) post(path string, body []byte) ([]byte, int, error) {
	switch p.dice(20) {
	case 0:
		_ = p.cut(path, body, len(body)/2)
	case 1:
		answer := p.cut(path, body, len(body))
		if answer != nil { // it was faster than the fault
			return answer.body, answer.status, nil
		}
	}
	return p.once(path, body)
}

func (p *plugin) once(path string, body []byte) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+p.backend+"/api/"+path,
		bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	answer, err := io.ReadAll(response.Body)
	return answer, response.StatusCode, errors.Join(err, response.Body.Close())
}

// cut sends the first bytes of a body and hangs up. It returns the answer if the server
// gave one before it noticed, nil if none came.
func (p *plugin) cut(path string, body []byte, sent int) *answer {
	conn, err := net.Dial("tcp", p.backend)
	if err != nil {
		return nil
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn,
		"POST /api/%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path,
		len(body), body[:sent])
	_ = conn.(*net.TCPConn).CloseWrite()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil // who has hung up is given no other
	}
	return &answer{status: response.StatusCode, body: text}
}

// withFlag returns the flags with one given or taken.
func withFlag(flags []string, flag string, given bool) []string {
	flags = slices.DeleteFunc(slices.Clone(flags), func(f string) bool { return f == flag })
	if given {
		flags = append(flags, flag)
	}
	return flags
}
