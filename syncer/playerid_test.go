package syncer_test

import (
	"testing"

	"playersync/syncer"
)

func TestUUIDHasOneSpelling(t *testing.T) {
	t.Parallel()
	const id = "069a79f4-44e9-4726-a5be-fca90e38aaf5"
	for text, want := range map[string]syncer.PlayerID{
		id:                                              id,
		"069A79F4-44E9-4726-A5BE-FCA90E38AAF5":          id,
		"069a79f444e94726a5befca90e38aaf5":              id,
		"069A79F444E94726A5BEFCA90E38AAF5":              id,
		"{069A79F4-44e9-4726-a5be-fca90e38aaf5}":        id,
		"urn:uuid:069A79F4-44e9-4726-a5be-fca90e38aaf5": id,
		"URN:UUID:069a79f4-44e9-4726-a5be-fca90e38aaf5": id,
		"00000000-0000-0000-0009-01F8A3C5B7D9":          "00000000-0000-0000-0009-01f8a3c5b7d9",

		// other ids stay as they are
		"0000000000000000000014==":               "0000000000000000000014==",
		"AAAAAAAAAAAAAAAAAAAAAA==":               "AAAAAAAAAAAAAAAAAAAAAA==",
		"Steve":                                  "Steve",
		"069A79F4-44E9-4726-A5BE-FCA90E38AAFG":   "069A79F4-44E9-4726-A5BE-FCA90E38AAFG",
		"069A79F444E9-4726-A5BE-FCA90E38AAF5":    "069A79F444E9-4726-A5BE-FCA90E38AAF5",
		"069A79F4-44E94726-A5BE-FCA9-0E38AAF5":   "069A79F4-44E94726-A5BE-FCA9-0E38AAF5",
		"{069A79F444E94726A5BEFCA90E38AAF5}":     "{069A79F444E94726A5BEFCA90E38AAF5}",
		"(069A79F4-44E9-4726-A5BE-FCA90E38AAF5)": "(069A79F4-44E9-4726-A5BE-FCA90E38AAF5)",
	} {
		if got, err := syncer.ParsePlayerID(text); got != want || err != nil {
			t.Errorf("%q is read as %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{" Steve", "Steve ", " ", ""} {
		_, err := syncer.ParsePlayerID(text)
		wantInvalid(t, err, "uuid")
	}
}

func TestFormOfAnID(t *testing.T) {
	t.Parallel()
	for id, want := range map[syncer.PlayerID]bool{
		"069a79f4-44e9-4726-a5be-fca90e38aaf5": true, "AAAAAAAAAAAAAAAAAAAAAA==": true,
		"0+/0000000000000000014==": true,
		"Steve":                    false, "": false, "76561198000000000": false, "AAAAAAAAAAAAAAAAAAAAA==": false,
	} {
		if id.HasForm() != want {
			t.Errorf("%q has the form of an id: %v", id, !want)
		}
	}
}
