package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// GameServer stands for a game and its plugin: it talks to the sidecar beside it
// over HTTP and follows its events.
type GameServer struct {
	Name string
	URL  string

	client *http.Client
	stream *stream
}

// newGameServer connects to a sidecar and starts to follow its events.
func newGameServer(ctx context.Context, name, address string) (*GameServer, error) {
	g := &GameServer{Name: name, URL: address, client: &http.Client{Transport: &http.Transport{}}}
	var err error
	if g.stream, err = g.follow(ctx); err != nil {
		g.client.CloseIdleConnections()
		return nil, err
	}
	return g, nil
}

func (g *GameServer) close() {
	g.stream.close()
	g.client.CloseIdleConnections()
}

// Join reports that a player connects, and returns the record and the verdict.
func (g *GameServer) Join(ctx context.Context, id syncer.PlayerID, name, ip string) (joined wire.Joined, err error) {
	_, err = g.send(ctx, http.MethodPost, path(id)+"/join", map[string]string{"name": name, "ip": ip}, &joined)
	return joined, err
}

// Leave reports that a player left, with the whole record as the game has it.
func (g *GameServer) Leave(ctx context.Context, record wire.Record) error {
	_, err := g.send(ctx, http.MethodPost, path(record.UUID)+"/leave", record, nil)
	return err
}

// Patch changes fields of a player.
func (g *GameServer) Patch(
	ctx context.Context, id syncer.PlayerID, fields map[string]any,
) (record wire.Record, err error) {
	_, err = g.send(ctx, http.MethodPatch, path(id), fields, &record)
	return record, err
}

// Player returns what the sidecar holds of a player, and whether the answer came
// from "memory" or from the "database".
func (g *GameServer) Player(ctx context.Context, id syncer.PlayerID) (record wire.Record, source string, err error) {
	header, err := g.send(ctx, http.MethodGet, path(id), nil, &record)
	return record, header.Get("Syncer-Source"), err
}

// Banned asks whether bans forbid a player id to join.
func (g *GameServer) Banned(ctx context.Context, id syncer.PlayerID) (bool, error) {
	var checked wire.Checked
	_, err := g.send(ctx, http.MethodPost, "/v1/bans/check", map[string]any{"uuid": id}, &checked)
	return checked.Banned, err
}

// Metric reads one figure from the sidecar's metrics.
func (g *GameServer) Metric(ctx context.Context, name string) (float64, error) {
	response, err := g.do(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	for line := range strings.Lines(string(body)) {
		if figure, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseFloat(strings.TrimSpace(figure), 64)
		}
	}
	return 0, fmt.Errorf("%s has no metric %s", g.Name, name)
}

func path(id syncer.PlayerID) string { return "/v1/players/" + url.PathEscape(string(id)) }

// send makes a request and decodes the answer into a value, unless that is nil.
func (g *GameServer) send(ctx context.Context, method, path string, body, into any) (http.Header, error) {
	response, err := g.do(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if into == nil {
		return response.Header, nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return nil, fmt.Errorf("%s: %s %s: decode answer: %w", g.Name, method, path, err)
	}
	return response.Header, nil
}

// do makes a request and returns the response if it reports success.
func (g *GameServer) do(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return nil, fmt.Errorf("%s: %s %s: encode request: %w", g.Name, method, path, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, g.URL+path, &content)
	if err != nil {
		return nil, fmt.Errorf("%s: %s %s: %w", g.Name, method, path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := g.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", g.Name, err)
	}
	if response.StatusCode < 300 {
		return response, nil
	}
	defer response.Body.Close()
	var problem struct{ Title, Detail string }
	_ = json.NewDecoder(response.Body).Decode(&problem) // the status says enough
	return nil, &refusal{
		status: response.StatusCode,
		text: fmt.Sprintf("%s: %s %s: %s: %s", g.Name, method, path, response.Status,
			cmp.Or(problem.Detail, problem.Title)),
	}
}

// refusal is an answer that does not report success.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }
