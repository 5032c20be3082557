package config

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"
)

const example = "../../../../config.example.yaml"

func TestExampleHoldsEveryKeyWithItsDefault(t *testing.T) {
	t.Parallel()
	v := viper.New()
	if _, err := readFile(v, example); err != nil {
		t.Fatal(err)
	}
	want := Keys()
	slices.Sort(want)
	got := v.AllKeys()
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys of the example (-want +got):\n%s", diff)
	}
	for _, s := range settings {
		text, err := s.text(v.Get(s.name))
		if err != nil {
			t.Errorf("%s %v", s.name, err)
		} else if text != s.fallback {
			t.Errorf("%s is %q in the example, its default is %q", s.name, text, s.fallback)
		}
	}
}

func TestExampleIsTheDefaultConfiguration(t *testing.T) {
	file, err := filepath.Abs(example)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", t.TempDir())
	emptyPlaces(t)
	byDefault, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	loaded.File = byDefault.File
	byDefault.InForce, loaded.InForce = nil, nil
	if diff := cmp.Diff(byDefault, loaded); diff != "" {
		t.Errorf("the example differs from the defaults (-default +example):\n%s", diff)
	}
}
