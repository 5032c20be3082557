package config

import (
	"slices"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// annotation marks the flags that set a key, and names it.
const annotation = "playersync_config_key"

// AddFlag makes a flag that sets a key. Its value is checked by [Load]. It
// panics if there is no such key.
func AddFlag(flags *pflag.FlagSet, name, key string) {
	i := slices.IndexFunc(settings, func(k setting) bool { return k.name == key })
	if i < 0 {
		panic("no configuration key " + key)
	}
	k := settings[i]
	flag := flags.VarPF(&flagValue{kind: k.kind}, name, "", k.usage)
	flag.Annotations = map[string][]string{annotation: {key}}
	if k.kind == kindBool {
		flag.NoOptDefVal = "true"
	}
	flag.DefValue = k.fallback
}

// givenFlags lets the flags that the user gave win and returns their names by
// key.
func givenFlags(v *viper.Viper, flags *pflag.FlagSet) map[string]string {
	given := map[string]string{}
	if flags == nil {
		return given
	}
	flags.Visit(func(flag *pflag.Flag) {
		if key := flag.Annotations[annotation]; len(key) == 1 {
			v.Set(key[0], flag.Value.String())
			given[key[0]] = flag.Name
		}
	})
	return given
}

// flagValue holds the text of a flag until Load reads it.
type flagValue struct {
	text string
	kind kind
}

// String returns the text as it was given.
func (f *flagValue) String() string { return f.text }

// Set takes the text; it is checked together with all other values.
func (f *flagValue) Set(text string) error {
	f.text = text
	return nil
}

// Type stands for the value in help texts.
func (f *flagValue) Type() string { return string(f.kind) }
