package syncer_test

import (
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

func TestParseBits(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"[0]", "[-9223372036854775808,12]", "[1,2,3]", "[9223372036854775807]"} {
		if bits, err := syncer.ParseBits(good); err != nil || bits.String() != good {
			t.Errorf("%q is read as %v, %v", good, bits, err)
		}
	}
	if bits, err := syncer.ParseBits("[1, -2]"); err != nil || bits.String() != "[1,-2]" {
		t.Errorf("one space behind a comma: %v, %v", bits, err)
	}
	// The database would refuse these, and with them the whole batch.
	for _, bad := range []string{
		"", "0", "[", "]", "[]", "[1", "1]", "[1,]", "[,1]", "[x]", "[1.5]", "[1e3]", "[0x1]", "[9223372036854775808]",
		"[+1]", "[ 1]", "[1 ]", "[1,  2]", "[1,\t2]", "[1,\u00a02]", "[00000000000000000001]", "[--1]", "[1_0]",
		"[[1]]",
	} {
		_, err := syncer.ParseBits(bad)
		if err == nil {
			t.Errorf("%q is taken for bits", bad)
			continue
		}
		wantInvalid(t, err, "achievements")
	}
}

func TestUniteBits(t *testing.T) {
	t.Parallel()
	words := rapid.SliceOfN(rapid.Int64(), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		a, b := syncer.Bits(words.Draw(t, "a")), syncer.Bits(words.Draw(t, "b"))
		united, before := a.Unite(b), a.String()+b.String()
		for i := range 64 * 4 {
			if want := bit(a, i) || bit(b, i); bit(united, i) != want {
				t.Fatalf("bit %d of %v is %v", i, united, !want)
			}
		}
		if !united.Contains(a) || !united.Contains(b) || !united.Contains(b.Unite(a)) {
			t.Fatalf("%v lacks something of %v and %v", united, a, b)
		}
		if a.Contains(b) != a.Contains(united) {
			t.Fatalf("%v contains %v: %v, and the union: %v", a, b, a.Contains(b), a.Contains(united))
		}
		for i := range united {
			united[i] = 99
		}
		if a.String()+b.String() != before {
			t.Fatal("the union shares memory with its parts")
		}
	})
}

func bit(b syncer.Bits, i int) bool { return i/64 < len(b) && b[i/64]&(1<<(i%64)) != 0 }

func FuzzParseBits(f *testing.F) {
	for _, seed := range []string{"[0]", "[-1, 5]", "[]", "[01]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		bits, err := syncer.ParseBits(text)
		if err != nil {
			return
		}
		back, err := syncer.ParseBits(bits.String())
		if err != nil || back.String() != bits.String() || !back.Contains(bits) || !bits.Contains(back) {
			t.Fatalf("%q is %v, and back %v, %v", text, bits, back, err)
		}
		e := merge.Edit{Scalars: merge.Scalars{Achievements: syncer.Some(&text)}}
		if len(text) <= syncer.MaxBitsLength && e.Validate() != nil {
			t.Fatalf("%q can be read, but is refused", text)
		}
	})
}
