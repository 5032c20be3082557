package outbox_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playersync/syncer"
	"playersync/syncer/mindustry"
	"playersync/syncer/outbox"
)

// smallWrite is a value that waits, with its number.
type smallWrite struct {
	Number uint64
	Value  any
}

// kindOf is the kind under which a value waits in these tests.
func kindOf(value any) string { return reflect.TypeOf(value).String() }

// smallWrites returns what waits, each value as one of the same kind as an example.
func smallWrites(o *outbox.Outbox, examples []smallWrite) (all []smallWrite, err error) {
	err = o.LoadWrites(func(number uint64, kind string, payload []byte) {
		for _, example := range examples {
			if kindOf(example.Value) == kind {
				value := reflect.New(reflect.TypeOf(example.Value))
				if json.Unmarshal(payload, value.Interface()) == nil {
					all = append(all, smallWrite{number, value.Elem().Interface()})
				}
				return
			}
		}
	})
	return all, err
}

func TestSmallWritesWaitInOrderAcrossARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	writes := []smallWrite{
		{Value: []string{"10.0.0.1", "<unknown>"}},
		{Value: mindustry.ModEntry{Token: [16]byte{1, 255}, At: syncer.Millis(1), Source: "a", Message: "Steve <@1>"}},
		{Value: []string{"10.0.0.1"}},
		{Value: syncer.CountReport{Server: "a", Players: 7, At: syncer.Millis(1)}},
		{Value: syncer.MapReport{
			Server: "a", Gamemode: "pvp", Map: "b", Session: "c", Players: 3, Wave: new(0), At: syncer.Millis(1),
		}},
		{Value: syncer.MapFinish{
			Key: [16]byte{255}, Server: "a", Map: "b", Session: "c", Winner: "d", Success: true,
			Players: new(0), At: syncer.Millis(2),
		}},
	}
	o, err := outbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range writes {
		payload, err := json.Marshal(w.Value)
		if err != nil {
			t.Fatal(err)
		}
		writes[i].Number, err = o.AddWrite(kindOf(w.Value), payload)
		if err != nil || writes[i].Number == 0 {
			t.Fatal(writes[i].Number, err)
		}
	}
	if err := o.RemoveWrite(writes[0].Number); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if o, err = outbox.Open(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	got, err := smallWrites(o, writes)
	if diff := cmp.Diff(writes[1:], got, cmpopts.EquateComparable(syncer.Time{})); diff != "" || err != nil {
		t.Errorf("waiting %v (-want +got):\n%s", err, diff)
	}
	next, err := o.AddWrite("a", []byte("1"))
	if err != nil || next <= writes[4].Number {
		t.Errorf("the next number is %d after %d, %v", next, writes[4].Number, err)
	}
}

func TestSmallWritesAfterClose(t *testing.T) {
	t.Parallel()
	o, err := outbox.Open(filepath.Join(t.TempDir(), "outbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	_, added := o.AddWrite("blacklist", []byte("1"))
	_, read := smallWrites(o, nil)
	if err := errors.Join(o.RemoveWrite(1)); added == nil || read == nil || err == nil {
		t.Errorf("after Close: %v, %v, %v", added, read, err)
	}
}
