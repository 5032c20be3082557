package config

import (
	"slices"

	"github.com/spf13/viper"
)

// InForce is a setting as it counts, for people to look at.
type InForce struct {
	Name   string // in the file: section.name
	Value  string // secrets are not in it
	Source string // a flag, a variable, the file, or "default"
}

// secrets are the keys whose values nobody is shown.
var secrets = []string{"http.token", "http.tokens", "http.fish.prefix", "fish.webhook_url", "nats.url"}

// databases are the keys with connection URLs: which database is meant may be shown.
var databases = []string{"database.url", "database.listen_url"}

// inForce says what counts of a key, and where it came from.
func (k setting) inForce(v *viper.Viper, given map[string]string, file string) InForce {
	value, err := k.text(v.Get(k.name))
	if err != nil {
		value = "" // which was refused
	}
	switch {
	case value == "":
	case slices.Contains(secrets, k.name):
		value = hidden
	case slices.Contains(databases, k.name):
		value = Secret(value).DatabaseName()
	}
	source := k.source(v, given, file)
	if source == k.name {
		source = "default"
	} else if v.InConfig(k.name) && source == file+": "+k.name {
		source = file
	}
	return InForce{k.name, value, source}
}
