package sidecar_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

var (
	here  = syncer.GameServer{Name: "here", Gamemode: "pvp", Address: "127.0.0.1:1"}
	there = syncer.GameServer{Name: "there", Gamemode: "pvp", Address: "127.0.0.1:2"}
)

func value(key, text string) syncer.Transient {
	return syncer.Transient{Key: key, Value: json.RawMessage(text)}
}

// keys returns the keys of a player's transients.
func keys(t *sidecar.Transients, from syncer.GameServer) string {
	var all []string
	for _, kept := range t.List(from, "Steve") {
		all = append(all, kept.Key)
	}
	return strings.Join(all, " ")
}

func put(t *testing.T, kept *sidecar.Transients, from syncer.GameServer, values ...syncer.Transient) {
	t.Helper()
	for _, v := range values {
		if err := kept.Put(from, "Steve", v); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTransientsGoAsTheyShould(t *testing.T) {
	t.Parallel()
	kept := sidecar.NewTransients(sidecar.TransientLimits{})
	stay := value("stay", `1`)
	stay.ResetOnJoin = true
	put(t, kept, here, value("pet", `1`), value("pet", `{"a":2}`), stay)
	put(t, kept, there, stay)
	if got, err := kept.Get(here, "Steve", "pet"); err != nil || string(got.Value) != `{"a":2}` {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := kept.Get(there, "Steve", "pet"); syncer.CodeOf(err) != syncer.CodeNotFound {
		t.Errorf("another server gets %v", err)
	}
	if _, err := kept.Get(here, "Alex", "pet"); syncer.CodeOf(err) != syncer.CodeNotFound {
		t.Errorf("of another player: %v", err)
	}
	kept.Left(here, "Steve")
	kept.Joined(here, "Alex", sidecar.JoinRequest{})
	if got := keys(kept, here); got != "pet stay" {
		t.Errorf("before the join %q", got)
	}
	kept.Joined(here, "Steve", sidecar.JoinRequest{})
	if got := keys(kept, here) + ", " + keys(kept, there); got != "pet, stay" {
		t.Errorf("after the join %q", got)
	}
	for range 2 {
		if err := kept.Delete(there, "Steve", "stay"); err != nil {
			t.Error(err)
		}
	}
	put(t, kept, there, stay)
	kept.Restarted(here)
	if got := keys(kept, here) + ", " + keys(kept, there); got != ", stay" {
		t.Errorf("after the start %q", got)
	}
	kept.Restarted(there)
	if count, bytes := kept.Size(); count != 0 || bytes != 0 {
		t.Errorf("%d values in %d bytes are left", count, bytes)
	}
}

func TestTransientsRunOutByThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kept := sidecar.NewTransients(sidecar.TransientLimits{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = kept.Run(ctx) }()
		for _, seconds := range []int{30, 10, 20, 40} {
			v := value(fmt.Sprint("s", seconds), `0`)
			v.TTL = time.Duration(seconds) * time.Second
			put(t, kept, here, v)
		}
		put(t, kept, here, value("s20", `1`)) // without an end now
		time.Sleep(9 * time.Second)           //nolint:forbidigo // the time of a bubble costs none
		if got, err := kept.Get(here, "Steve", "s10"); err != nil || got.TTL != time.Second {
			t.Errorf("got %+v, %v; want one second left", got, err)
		}
		for _, want := range []int{4, 3, 3, 2, 1} { // after 9, 19, 29, 39 s …
			if count, _ := kept.Size(); count != want {
				t.Errorf("after %v: %d values, want %d", time.Now(), count, want)
			}
			time.Sleep(10 * time.Second) //nolint:forbidigo // the same
			synctest.Wait()
		}
		if got := keys(kept, here); got != "s20" {
			t.Errorf("left are %q", got)
		}
	})
}

func TestTransientsAreBounded(t *testing.T) {
	t.Parallel()
	kept := sidecar.NewTransients(sidecar.TransientLimits{Keys: 2, Bytes: 1000, Servers: []string{"here", "there"}})
	put(t, kept, here, value("a", `1`), value("b", `1`))
	for _, test := range []struct {
		value syncer.Transient
		code  syncer.Code
		field string
	}{
		{value("c", `1`), syncer.CodeFull, "key"},
		{value("b", `"`+strings.Repeat("x", 600)+`"`), syncer.CodeFull, "value"},
		{value("a", `"`+strings.Repeat("x", 64<<10)+`"`), syncer.CodeTooLarge, "value"},
		{value("", `1`), syncer.CodeInvalid, "key"},
		{value("../x", `1`), syncer.CodeInvalid, "key"},
		{value(strings.Repeat("x", 65), `1`), syncer.CodeInvalid, "key"},
		{syncer.Transient{Key: "a", Value: []byte(`1`), TTL: 31 * 24 * time.Hour}, syncer.CodeInvalid, "ttl"},
	} {
		err := kept.Put(here, "Steve", test.value)
		refusal, _ := err.(*syncer.Error) //nolint:errorlint // it is refused as such
		if refusal == nil || refusal.Code != test.code || refusal.Field != test.field {
			t.Errorf("%.20s: %v, want %s at %s", test.value.Key, err, test.code, test.field)
		}
	}
	if got, err := kept.Get(here, "Steve", "b"); err != nil || string(got.Value) != "1" {
		t.Errorf("what was there is %+v, %v", got, err)
	}
	put(t, kept, there, value("c", `1`)) // has room of its own
}

// Who asks under many names gets no more than under one.
func TestServersThatAreNotConfiguredShareTheirRoom(t *testing.T) {
	t.Parallel()
	kept := sidecar.NewTransients(sidecar.TransientLimits{Bytes: 1000, Servers: []string{"here"}})
	large := value("a", `"`+strings.Repeat("x", 600)+`"`)
	put(t, kept, there, large)
	other := syncer.GameServer{Name: "other"}
	if err := kept.Put(other, "Steve", large); syncer.CodeOf(err) != syncer.CodeFull ||
		!strings.Contains(err.Error(), "server.others") {
		t.Errorf("under another name: %v", err)
	}
	put(t, kept, here, large)
	put(t, kept, there, large) // in place of the one before
	if err := kept.Delete(there, "Steve", "a"); err != nil {
		t.Error(err)
	}
	put(t, kept, other, large)
}

func TestTransientsMayBeUsedAtOnce(t *testing.T) {
	t.Parallel()
	kept := sidecar.NewTransients(sidecar.TransientLimits{})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = kept.Run(ctx) })
	var writers sync.WaitGroup
	for n := range 8 {
		writers.Go(func() {
			for i := range 200 {
				v := value(fmt.Sprint("k", (i*7+n)%10), `1`)
				v.TTL = time.Duration(i%3) * time.Microsecond
				if err := kept.Put(here, syncer.PlayerID(fmt.Sprint(i%5)), v); err != nil {
					t.Error(err)
				}
				kept.Joined(here, "1", sidecar.JoinRequest{})
				_ = kept.Delete(here, "2", v.Key)
			}
		})
	}
	writers.Wait()
	kept.Restarted(here)
	cancel()
	all.Wait()
	if count, bytes := kept.Size(); count != 0 || bytes != 0 {
		t.Errorf("%d values in %d bytes are left", count, bytes)
	}
}
