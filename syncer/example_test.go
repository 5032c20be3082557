package syncer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"playersync/syncer"
)

// A time is none, an instant with milliseconds, or for ever. All three have a JSON form.
func ExampleTime() {
	until := syncer.TimeOf(time.Date(2026, 8, 22, 12, 30, 0, 0, time.UTC))
	for _, t := range []syncer.Time{{}, until, syncer.Forever} {
		text, err := json.Marshal(t)
		fmt.Println(t, string(text), err)
	}
	// Output:
	// none null <nil>
	// 2026-08-22T12:30:00.000Z "2026-08-22T12:30:00.000Z" <nil>
	// infinity "infinity" <nil>
}

// A mute is in force while its end lies after now: never for none, always for ever.
func ExampleTime_After() {
	now := time.UnixMilli(1000)
	fmt.Println(syncer.Time{}.After(now), syncer.Forever.After(now))
	fmt.Println(syncer.Millis(999).After(now), syncer.Millis(1001).After(now))
	// Output:
	// false true
	// false true
}

// None is unknown: it loses against every known time.
func ExampleEarliest() {
	first, second := syncer.Millis(1000), syncer.Millis(2000)
	fmt.Println(syncer.Earliest(first, second))
	fmt.Println(syncer.Earliest(syncer.Time{}, second))
	fmt.Println(syncer.Latest(first, syncer.Time{}))
	// Output:
	// 1970-01-01T00:00:01.000Z
	// 1970-01-01T00:00:02.000Z
	// 1970-01-01T00:00:01.000Z
}

// The ids of Mindustry and of Minecraft are both ids; what cannot be printed is none.
func ExampleParsePlayerID() {
	for _, text := range []string{"AAAAAAAAAAAAAAAAAAAAAA==", "069a79f4-44e9-4726-a5be-fca90e38aaf5", "", "a\tb"} {
		id, err := syncer.ParsePlayerID(text)
		fmt.Printf("%q %v\n", id, err)
	}
	// Output:
	// "AAAAAAAAAAAAAAAAAAAAAA==" <nil>
	// "069a79f4-44e9-4726-a5be-fca90e38aaf5" <nil>
	// "" uuid: must not be empty
	// "" uuid: must be printable, contains U+0009
}

// A ban forbids a player id, an address or a range of addresses.
func ExampleParseTarget() {
	player, _ := syncer.ParseTarget("AAAAAAAAAAAAAAAAAAAAAA==", "")
	address, _ := syncer.ParseTarget("", "::ffff:203.0.113.7")
	network, _ := syncer.ParseTarget("", "203.0.113.0/24")
	fmt.Println(player.ID)
	fmt.Println(address.Prefix, address == syncer.TargetAddress(netip.MustParseAddr("203.0.113.7")))
	fmt.Println(network.Prefix)

	_, err := syncer.ParseTarget("", "203.0.113.7/24")
	fmt.Println(err)
	// Output:
	// AAAAAAAAAAAAAAAAAAAAAA==
	// 203.0.113.7/32 true
	// 203.0.113.0/24
	// ip: "203.0.113.7/24" has bits beyond its length; did you mean 203.0.113.0/24 or 203.0.113.7?
}

// A duration is written in one of two forms. A month is 30 days; ISO 8601 has none.
func ExampleParseDuration() {
	for _, text := range []string{"1d12h", "P1DT12H", "1mo", "P1M"} {
		d, err := syncer.ParseDuration(text)
		fmt.Println(d, err)
	}
	// Output:
	// 36h0m0s <nil>
	// 36h0m0s <nil>
	// 720h0m0s <nil>
	// 0s has months or years, which in ISO 8601 differ in length; write days (P30D), 1mo or 1y
}

// A refusal keeps its code through every wrapping. The cause is for the log only.
func ExampleCodeOf() {
	err := fmt.Errorf("set rank: %w", syncer.Unavailable(errors.New("connection refused")))
	fmt.Println(syncer.CodeOf(err))

	if refusal, ok := errors.AsType[*syncer.Error](err); ok {
		fmt.Println(refusal.Message)
	}
	// Output:
	// database_unavailable
	// the database cannot be reached; nothing was stored
}

// Absent and null are different things, as a JSON merge patch needs.
func ExampleOptional() {
	var request struct {
		Name      syncer.Optional[string]  `json:"name,omitzero"`
		Highlight syncer.Optional[*string] `json:"highlight,omitzero"`
	}
	err := json.Unmarshal([]byte(`{"highlight":null}`), &request)
	fmt.Println(err, request.Name.Set, request.Highlight.Set, request.Highlight.Value == nil)
	// Output: <nil> false true true
}

// History entries of two servers are united. Nothing that a server sends removes one.
func ExampleUniteHistory() {
	muted := syncer.HistoryEntry{Action: "muted", By: "Alex", Time: syncer.Millis(1000)}
	freed := syncer.HistoryEntry{Action: "freed", By: "Sam", Time: syncer.Millis(2000)}
	for _, entry := range syncer.UniteHistory([]syncer.HistoryEntry{freed, muted}, []syncer.HistoryEntry{muted}) {
		fmt.Println(entry.Time, entry.Action, entry.By)
	}
	// Output:
	// 1970-01-01T00:00:01.000Z muted Alex
	// 1970-01-01T00:00:02.000Z freed Sam
}
