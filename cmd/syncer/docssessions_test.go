package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/fanout/natstest"
)

// shellCommands splits a text into commands and their words, as a shell does.
// Variables set for a command and redirections are left out.
func shellCommands(text string) (commands [][]string) {
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", ""), "\n") {
		var words []string
		end := func() {
			if len(words) > 0 {
				commands = append(commands, words)
			}
			words = nil
		}
		for _, match := range wordPattern.FindAllString(line, -1) {
			switch {
			case match[0] == '#':
			case strings.Trim(match, "|;&") == "":
				end()
			case match[0] == '>' || len(words) == 0 && assignmentPattern.MatchString(match):
			default:
				words = append(words, unquoted(match))
			}
			if match[0] == '#' {
				break
			}
		}
		end()
	}
	return commands
}

var (
	wordPattern       = regexp.MustCompile(`#.*|[|;&]+|>+ *[^\s|;&]+|(?:'[^']*'|"[^"]*"|[^\s|;&'"])+`)
	quotePattern      = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	assignmentPattern = regexp.MustCompile(`^[A-Z_]+=`)
)

func unquoted(word string) string {
	return quotePattern.ReplaceAllStringFunc(word, func(quoted string) string { return quoted[1 : len(quoted)-1] })
}

// documentedNetwork holds what the documents' examples speak of.
const documentedNetwork = `
	insert into player (uuid, name) values ('Steve', 'Steve'), ('Alice', 'Alice');
	insert into currency (name) values ('coins');
	select change_balance('Steve', 'coins', 1000);
	insert into ban (id, uuid) overriding system value values (7, 'griefer');
	insert into usid_rejection (code, uuid, address, usid) values ('01234-2', 'Steve', '203.0.113.1:6567', 'abc');
	insert into blacklisted_address (address) values ('198.51.100.7');
	alter table audit alter column id restart with 17;
	update player set rank = 'mod' where uuid = 'Alice'`

func TestDocumentedSQLRuns(t *testing.T) {
	t.Parallel()
	url, _ := database(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.PgConn().Exec(t.Context(), documentedNetwork).ReadAll(); err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		for _, block := range p.blocks {
			// databases and roles outlast the test
			if block.language != "sql" || strings.HasPrefix(block.text, "create ") {
				continue
			}
			if _, err := conn.PgConn().Exec(t.Context(), block.text).ReadAll(); err != nil {
				t.Errorf("%s: %v\n%s", p.path, err, block.text)
			}
		}
	}
}

func TestDocumentedRequestsSucceed(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	nats := natstest.Start(t, nil).URL()
	s := serve(t, append(environ, "SYNCER_SYNC_FANOUT=nats", "SYNCER_NATS_URL="+nats))
	execute(t, url, `insert into player (uuid, name) values ('Steve', 'Steve')`)
	for _, p := range pages(t) {
		for _, block := range p.blocks {
			if block.language != "sh" {
				continue
			}
			for _, words := range shellCommands(block.text) {
				if words[0] == "curl" {
					s.curl(t, p, words[1:])
				}
			}
		}
	}
	s.knowsMetrics(t)
}

// knowsMetrics checks that the metrics and roles that documents name exist.
func (s served) knowsMetrics(t *testing.T) {
	t.Helper()
	known := map[string]bool{
		"playersync_owner": true, "playersync_app": true, "playersync_readonly": true, "playersync_addresses": true,
	}
	_, text := s.get(t, "/metrics")
	for _, help := range regexp.MustCompile(`(?m)^# HELP (\S+)`).FindAllStringSubmatch(text, -1) {
		known[help[1]] = true
	}
	for _, p := range pages(t) {
		for _, name := range regexp.MustCompile(`playersync_[a-z_]+`).FindAllString(strings.Join(p.lines, "\n"), -1) {
			if !known[name] {
				t.Errorf("%s: there is no metric %s", p.path, name)
			}
		}
	}
}

// curl sends a request as curl does for these words.
func (s served) curl(t *testing.T, p page, words []string) {
	t.Helper()
	method, body, url := "", "", ""
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case word == "-X":
			i++
			method = words[i]
		case word == "-d":
			i++
			body = words[i]
		case !strings.HasPrefix(word, "-"):
			url = strings.Replace(word, "localhost:5082", s.url, 1)
		case strings.Trim(word, "-siN") != "":
			t.Fatalf("%s: curl %s: the test does not know %s", p.path, strings.Join(words, " "), word)
		}
	}
	if method == "" && body != "" {
		method = http.MethodPost
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel() // ends a stream of events too
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does for -d
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	want := http.StatusOK
	if strings.Contains(body, "rnak") { // the example of an error
		want = http.StatusUnprocessableEntity
	}
	if response.StatusCode < want || response.StatusCode >= want+100-want%100 {
		answer, _ := io.ReadAll(response.Body) // the status says enough
		t.Errorf("%s: curl %s: %d, want %d\n%s", p.path, strings.Join(words, " "), response.StatusCode, want, answer)
	}
}
