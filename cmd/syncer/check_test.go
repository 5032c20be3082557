package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// checked runs check and returns its findings by name.
func checked(t *testing.T, environ []string, args ...string) (map[string]finding, int) {
	t.Helper()
	r := runSyncer(t, environ, append([]string{"check", "--json"}, args...)...)
	var findings []finding
	if err := json.Unmarshal([]byte(r.out), &findings); err != nil {
		t.Fatalf("check prints no JSON: %v\n%s", err, r.out)
	}
	byName := map[string]finding{}
	for _, f := range findings {
		byName[f.Name] = f
		if f.Verdict != verdictOK && f.Advice == "" {
			t.Errorf("%+v does not say what to do", f)
		}
	}
	return byName, r.code
}

// busyMachine is what may be said of notifications where the tests are not alone.
const busyMachine = "is the network or the server slow?"

func TestCheckFindsNothingWrong(t *testing.T) {
	t.Parallel()
	// A copy would lose the database's own privileges.
	environ := []string{"SYNCER_HTTP_LISTEN=127.0.0.1:0", "SYNCER_DATABASE_URL=" + pgtest.Empty(t)}
	succeed(t, environ, "migrate", "up")
	findings, code := checked(t, environ)
	if code != exitDone {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{
		"configuration", "data directory", "http.listen", "database", "transport", "version", "primary", "schema",
		"privileges", "triggers", "balances", "server names", "pooler",
		"notify", "queue", "clock", "access",
	} {
		f := findings[name]
		if isFine := f.Verdict == verdictOK || f.Advice == busyMachine; !isFine || f.Detail == "" {
			t.Errorf("%s: %+v", name, f)
		}
		delete(findings, name)
	}
	if len(findings) > 0 {
		t.Errorf("also found: %v", findings)
	}
	for line := range strings.Lines(succeed(t, environ, "check")) {
		if !strings.HasPrefix(line, "OK ") && !strings.Contains(line, busyMachine) {
			t.Errorf("for people: %q", line)
		}
	}
	url := strings.TrimPrefix(environ[1], "SYNCER_DATABASE_URL=")
	execute(t, url, `do $$ begin execute format('grant connect on database %I to public', current_database()); end $$`)
	findings, _ = checked(t, environ)
	if f := findings["access"]; f.Verdict != verdictWarn || !strings.Contains(f.Advice, "revoke connect") {
		t.Errorf("everybody may connect: %+v", f)
	}
}

func TestCheckLooksAtTheCertificate(t *testing.T) {
	t.Parallel()
	server := certified(t)
	cert, dir := server.cert, filepath.Dir(server.key)
	for key, want := range map[string]struct {
		verdict verdict
		detail  string
	}{
		server.key:                    {verdictOK, "is good until 2"},
		cert:                          {verdictFail, "are no certificate with its key"},
		filepath.Join(dir, "nowhere"): {verdictFail, "http.tls.key: open"},
	} {
		environ := []string{
			"SYNCER_HTTP_LISTEN=:0", "SYNCER_HTTP_TOKEN=0123456789abcdef", "SYNCER_HTTP_TLS_CERT=" + cert,
			"SYNCER_HTTP_TLS_KEY=" + key,
		}
		findings, _ := checked(t, environ)
		if f := findings["http.tls"]; f.Verdict != want.verdict || !strings.Contains(f.Detail, want.detail) {
			t.Errorf("%s: %+v", key, f)
		}
		if f := findings["http.listen"]; f.Verdict != verdictOK {
			t.Errorf("clear text: %+v", f)
		}
	}
}

func TestCheckFindsFaults(t *testing.T) {
	t.Parallel()
	oneOff := fmt.Sprintf("%d of %d", store.FeedTriggers-1, store.FeedTriggers)
	for _, test := range []struct {
		name, fault string // SQL
		finding     string
		want        verdict
		detail      string
	}{
		{"trigger disabled", "alter table ban disable trigger feed_delete", "triggers", verdictFail, oneOff},
		{"trigger not for replicas", "alter table player enable trigger feed_update", "triggers", verdictFail, oneOff},
		{"trigger dropped", "drop trigger feed_insert on player_history", "triggers", verdictFail, oneOff},
		{"feed row lost", "delete from feed", "triggers", verdictFail, "the table feed has lost its row"},
		{
			"old schema",
			"delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)", "schema",
			verdictFail, " of ",
		},
		{
			"schema of the future", "insert into goose_db_version (version_id, is_applied) values (99999, true)",
			"schema", verdictWarn, "version 99999, newer",
		},
		{
			"open to all",
			"do $$ begin execute format('grant connect on database %I to public', current_database()); end $$",
			"access", verdictWarn, "every login",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address, environ := database(t)
			execute(t, address, test.fault)
			findings, code := checked(t, environ)
			f := findings[test.finding]
			if f.Verdict != test.want || !strings.Contains(f.Detail, test.detail) || f.Advice == "" {
				t.Errorf("found %+v", f)
			}
			wantCode := map[verdict]int{verdictFail: exitFailed, verdictWarn: exitDone}[test.want]
			if code != wantCode {
				t.Errorf("exit code %d, want %d", code, wantCode)
			}
		})
	}
}

func TestCheckOfAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	findings, code := checked(t, []string{"SYNCER_DATABASE_URL=" + pgtest.Empty(t)})
	if f := findings["schema"]; code != exitFailed || f.Verdict != verdictFail ||
		!strings.Contains(f.Advice, "syncer migrate up") {
		t.Errorf("exit code %d, schema %+v", code, f)
	}
	if f := findings["notify"]; f.Verdict != verdictOK {
		t.Errorf("notify: %+v", f)
	}
}

func TestCheckOfRoles(t *testing.T) {
	t.Parallel()
	address, _ := database(t)
	logins := map[string]string{}
	for _, role := range []string{"playersync_app", "playersync_owner", "playersync_readonly"} {
		logins[role] = loginWith(t, address, role)
	}
	for _, test := range []struct {
		role    string
		migrate bool
		want    verdict
		detail  string
	}{
		{"playersync_app", true, verdictOK, "not alter the schema"},
		{"playersync_owner", true, verdictOK, "may read, write and migrate"},
		{"playersync_owner", false, verdictWarn, "could alter"},
		{"playersync_readonly", true, verdictFail, "insert on ban"},
	} {
		environ := []string{
			"SYNCER_DATABASE_URL=" + logins[test.role],
			fmt.Sprintf("SYNCER_DATABASE_MIGRATE=%t", test.migrate),
		}
		findings, code := checked(t, environ)
		if f := findings["privileges"]; f.Verdict != test.want || !strings.Contains(f.Detail, test.detail) {
			t.Errorf("%s: %+v", test.role, f)
		}
		if (code == exitFailed) != (test.want == verdictFail) {
			t.Errorf("%s: exit code %d", test.role, code)
		}
	}
}

// loginWith makes a login that has a role and returns its URL.
func loginWith(t *testing.T, address, role string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	login := strings.TrimPrefix(parsed.Path, "/") + "_" + role
	execute(t, address, fmt.Sprintf("create role %s login password 'x' in role %s", login, role))
	parsed.User = url.UserPassword(login, "x")
	return parsed.String()
}

func TestCheckTriesTheConnectionThatListens(t *testing.T) {
	t.Parallel()
	address, environ := database(t)
	closed := pgtest.NewProxy(t, address)
	closed.Refuse(true)
	findings, code := checked(t, append(environ, "SYNCER_DATABASE_LISTEN_URL="+closed.URL()))
	if f := findings["notify"]; code != exitFailed || f.Verdict != verdictFail ||
		!strings.Contains(f.Advice, "database.listen_url") {
		t.Errorf("exit code %d, %+v", code, f)
	}
	if f := findings["clock"]; f.Verdict != verdictOK {
		t.Errorf("it gave up before the clock: %v", findings)
	}
}

func TestCheckSaysThatThePortIsInUse(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	environ = append(environ, "SYNCER_HTTP_LISTEN="+listener.Addr().String())
	if r := runSyncer(t, environ, "check"); !strings.Contains(r.out, listener.Addr().String()+" is in use") {
		t.Errorf("check: %+v", r)
	}
	r := runSyncer(t, environ, "serve")
	if want := "http.listen: " + listener.Addr().String() + " is in use, by a syncer that runs already or by another " +
		"program; stop that, or set another (--listen)"; r.code != exitFailed || !strings.Contains(r.errs, want) {
		t.Errorf("serve: %+v, want %s", r, want)
	}
}

func TestAddressThatIsNotOursIsNamedWithItsKey(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	environ = append(environ, "SYNCER_HTTP_LISTEN=203.0.113.7:7", "SYNCER_HTTP_ALLOWED_NETWORKS=127.0.0.1")
	r := runSyncer(t, environ, "serve")
	if r.code != exitFailed || !strings.Contains(r.errs, "http.listen: cannot listen on 203.0.113.7:7: ") ||
		!strings.Contains(r.errs, "(--listen)") {
		t.Errorf("%+v", r)
	}
}

func TestCheckTriesNATS(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, natstest.WithLogin("u", "hush-hush"))
	for login, want := range map[string]verdict{"u:hush-hush@": verdictOK, "u:wrong@": verdictFail} {
		url := strings.Replace(server.URL(), "://", "://"+login, 1)
		findings, _ := checked(t, []string{"SYNCER_SYNC_FANOUT=nats", "SYNCER_NATS_URL=" + url})
		f := findings["nats"]
		if f.Verdict != want && f.Advice != busyMachine || f.Detail == "" || strings.Contains(fmt.Sprint(f), "hush") {
			t.Errorf("%s: %+v", login, f)
		}
	}
}

func TestServeRefusesCredentialsThatAreNone(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	r := runSyncer(t, append(environ, "SYNCER_SYNC_FANOUT=nats", "SYNCER_NATS_URL=nats://127.0.0.1:1",
		"SYNCER_NATS_CREDENTIALS=/nowhere/user.creds"), "serve", "--listen", "127.0.0.1:0")
	if r.code == exitDone || !strings.Contains(r.errs, "nats.credentials: open /nowhere/user.creds") {
		t.Errorf("exit code %d: %s", r.code, r.errs)
	}
}
