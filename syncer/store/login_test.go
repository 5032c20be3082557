package store_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"testing"

	"playersync/syncer"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// logins are made once for a server: they outlast a test's database.
const logins = `
	create role signs_in_reader login password 'right' in role playersync_readonly;
	create role signs_in_tracer login password 'right' in role playersync_readonly, playersync_addresses;
	create role signs_in_writer login password 'right' in role playersync_app;
	create role signs_in_stranger login password 'right';
	create role signs_in_nologin password 'right' in role playersync_app;
	create role signs_in_expired login password 'right' valid until '2020-01-01' in role playersync_app;
	create role signs_in_trusted login in role playersync_app;
	grant connect on database %[1]s to signs_in_stranger`

func TestSignIn(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, "")
	address := pgtest.EmptyOn(t, server)
	if err := store.Migrate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	conn := psql(t, address)
	run(t, conn, fmt.Sprintf(logins, value[string](t, conn, "select quote_ident(current_database())")))
	trust(t, value[string](t, conn, "show hba_file"), "signs_in_trusted")
	run(t, conn, "select pg_reload_conf()")
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	own, _ := parsed.User.Password()
	s, err := store.Open(context.Background(), address, store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)

	reader, writer := syncer.Rights{See: true}, syncer.Rights{See: true, Act: true, Addresses: true}
	for _, test := range []struct {
		name, password string
		rights         syncer.Rights
		ok             bool
	}{
		{"signs_in_reader", "right", reader, true},
		{"signs_in_tracer", "right", syncer.Rights{See: true, Addresses: true}, true},
		{"signs_in_writer", "right", writer, true},
		{parsed.User.Username(), own, writer, true},
		{"signs_in_stranger", "right", syncer.Rights{}, true},
		{"signs_in_writer", "wrong", syncer.Rights{}, false},
		{"signs_in_writer", "", syncer.Rights{}, false},
		{"signs_in_writer", "right\x00", syncer.Rights{}, false},
		{"", "right", syncer.Rights{}, false},
		{"SIGNS_IN_WRITER", "right", syncer.Rights{}, false},
		{"nobody", "right", syncer.Rights{}, false},
		{"signs_in_nologin", "right", syncer.Rights{}, false},
		{"signs_in_expired", "right", syncer.Rights{}, false},
		{"signs_in_trusted", "anything", syncer.Rights{}, false},
	} {
		rights, ok, err := s.SignIn(context.Background(), test.name, test.password)
		if err != nil || ok != test.ok || rights != test.rights {
			t.Errorf("%q with %q: %+v, %v, %v; want %+v, %v", test.name, test.password, rights, ok, err, test.rights,
				test.ok)
		}
	}

	rights := func(name string) syncer.Rights {
		t.Helper()
		rights, err := s.Rights(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		return rights
	}
	if got := rights("signs_in_writer"); got != writer {
		t.Errorf("the writer has %+v", got)
	}
	run(t, conn, "revoke playersync_app from signs_in_writer; grant playersync_readonly to signs_in_writer")
	if got := rights("signs_in_writer"); got != reader {
		t.Errorf("who was the writer has %+v", got)
	}
	run(t, conn, "drop role signs_in_writer")
	if got := rights("signs_in_writer"); got != (syncer.Rights{}) {
		t.Errorf("who is gone has %+v", got)
	}
}

// trust lets a login in without its password.
func trust(t *testing.T, file, login string) {
	t.Helper()
	rules, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	added := fmt.Sprintf("local all %[1]s trust\nhost all %[1]s all trust\n", login)
	if err := os.WriteFile(file, append([]byte(added), rules...), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSignInSaysThatTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s, err := store.Open(context.Background(), "postgres://x:y@127.0.0.1:1/x", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if _, ok, err := s.SignIn(context.Background(), "alice", "right"); ok ||
		syncer.CodeOf(err) != syncer.CodeUnavailable {
		t.Errorf("%v, %v", ok, err)
	}
}
