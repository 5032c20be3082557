package cache

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
)

func TestPackedIDsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		packed := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		for _, form := range []idForm{formBase64, formUUID} {
			id := unpackID(form, packed)
			if gotForm, got := packID(id); gotForm != form || got != packed {
				t.Fatalf("%s packs to %d %x, want %d %x", id, gotForm, got, form, packed)
			}
		}
	})
}

// Whatever looks nearly like a packed form must come back as it was.
func TestAnyTextPacksExactlyOrNot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.StringMatching(
			`[A-Za-z0-9+/]{20,22}(==|=A|A=)|[0-9a-fA-F]{8}(-[0-9a-f]{4}){3}[-0][0-9a-f]{12}|.{24}|.{36}`)
		text := ids.Draw(t, "id")
		id := syncer.PlayerID(text)
		if form, packed := packID(id); form != formText && unpackID(form, packed) != id {
			t.Fatalf("%q comes back as %q", text, unpackID(form, packed))
		}
	})
}

func TestIDForms(t *testing.T) {
	t.Parallel()
	const uuid = "069a79f4-44e9-4726-a5be-fca90e38aaf5"
	for id, want := range map[string]idForm{
		uuid:                       formUUID,
		strings.ToUpper(uuid):      formText,
		"AAAAAAAAAAAAAAAAAAAAAA==": formBase64,
		"AAAAAAAAAAAAAAAAAAAAAB==": formText, // bits beyond the 16 bytes
		"AAAAAAAAAAAAAAAAAAAA-A==": formText,
		"Steve":                    formText,
	} {
		if form, _ := packID(syncer.PlayerID(id)); form != want {
			t.Errorf("%s has form %d, want %d", id, form, want)
		}
	}
}
