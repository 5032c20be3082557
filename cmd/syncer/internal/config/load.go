package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// fileEnv names the file where no flag does.
const fileEnv = envPrefix + "CONFIG"

// Load reads the configuration: the file, "" for SYNCER_CONFIG or one of the
// usual places; the environment; and those of the flags that [AddFlag] made and
// the user gave. The error names everything that is wrong.
func Load(file string, flags *pflag.FlagSet) (Config, error) {
	v := viper.New()
	config := Config{}
	var err error
	if config.File, err = readFile(v, file); err != nil {
		return Config{}, err
	}
	problems := append(unknownKeys(v, config.File), dottedKeys(config.File)...) // of the file alone
	for _, k := range settings {
		v.SetDefault(k.name, k.fallback)
		if err := v.BindEnv(k.name, k.env()); err != nil {
			return Config{}, fmt.Errorf("bind %s: %w", k.env(), err)
		}
	}
	given := givenFlags(v, flags)
	problems = append(problems, unknownVariables(os.Environ())...)
	for _, k := range settings {
		if err := k.apply(&config, v); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", k.source(v, given, config.File), err))
		}
		config.InForce = append(config.InForce, k.inForce(v, given, config.File))
	}
	if len(problems) == 0 {
		problems = config.complete()
	}
	return config, join(problems)
}

// apply takes the value that counts, checks that it is of the key's kind and
// stores it.
func (k setting) apply(c *Config, v *viper.Viper) error {
	text, err := k.text(v.Get(k.name))
	if err != nil {
		return err
	}
	return k.set(c, text)
}

// text returns a value from the file in the form that the environment has.
func (k setting) text(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return k.fallback, nil
	case string:
		return value, nil
	case []any:
		if k.kind != kindList {
			return "", errors.New("takes one value, not a list")
		}
		items := make([]string, len(value))
		for i, item := range value {
			text, isText := item.(string)
			if !isText {
				return "", fmt.Errorf("item %d of the list is no text: write it in quotes", i+1)
			}
			items[i] = text
		}
		return strings.Join(items, ","), nil
	case map[string]any:
		return "", errors.New("takes a value, not keys of its own")
	}
	if k.kind == kindText || k.kind == kindList { // a number may have been written in another form
		return "", errors.New("is no text: write it in quotes")
	}
	if number, ok := value.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64), nil
	}
	return fmt.Sprint(value), nil
}

// source says where the value that counts came from.
func (k setting) source(v *viper.Viper, given map[string]string, file string) string {
	switch {
	case given[k.name] != "":
		return "--" + given[k.name]
	case os.Getenv(k.env()) != "":
		return k.env()
	case v.InConfig(k.name):
		return file + ": " + k.name
	default:
		return k.name
	}
}

// readFile reads the file into v and returns its name.
func readFile(v *viper.Viper, file string) (string, error) {
	if file == "" {
		file = os.Getenv(fileEnv)
	}
	if file == "" {
		var err error
		if file, err = usualFile(os.Geteuid() == 0); file == "" || err != nil {
			return "", err
		}
	}
	v.SetConfigFile(file)
	v.SetConfigType("yaml")
	if err := v.ReadInConfig(); err != nil {
		if parse, ok := errors.AsType[viper.ConfigParseError](err); ok {
			err = parse.Unwrap()
		}
		if path, ok := errors.AsType[*os.PathError](err); ok {
			err = path.Err
		}
		return "", fmt.Errorf("read configuration %s: %s%s", file, parseFault(err), tabAdvice(file))
	}
	return file, nil
}

// noSections matches the error of a file that is no set of sections.
var noSections = regexp.MustCompile(`cannot unmarshal !!(seq|\w+)`)

// parseFault says on one line why a file cannot be read.
func parseFault(err error) string {
	if found := noSections.FindStringSubmatch(err.Error()); found != nil {
		what := "a value"
		if found[1] == "seq" {
			what = "a list"
		}
		return "is " + what + " where sections are expected, such as server: or http:"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// tabIndent matches a line that is indented by a tab, which YAML does not allow.
var tabIndent = regexp.MustCompile(`(?m)^ *\t+ *[^\s#]`)

// tabAdvice says what to do if a file cannot be read for a tab.
func tabAdvice(file string) string {
	text, err := os.ReadFile(file)
	place := tabIndent.FindIndex(text)
	if err != nil || place == nil {
		return ""
	}
	line := 1 + bytes.Count(text[:place[0]], []byte("\n"))
	return fmt.Sprintf(" (line %d is indented by a tab; indent by spaces)", line)
}

// dottedKey matches a key with a dot at the left of a file.
var dottedKey = regexp.MustCompile(`(?m)^([a-z_]+)\.([a-z_.]+)\s*:`)

// dottedKeys returns an error for each key with a dot whose section the file has too: one
// of the two would count for nothing.
func dottedKeys(file string) (problems []error) {
	text, err := os.ReadFile(file)
	if file == "" || err != nil { // it was read a moment ago
		return nil
	}
	for _, key := range dottedKey.FindAllSubmatch(text, -1) {
		section := regexp.MustCompile(`(?m)^` + string(key[1]) + `\s*:`)
		if section.Match(text) {
			problems = append(problems, fmt.Errorf("%s: %s.%s stands beside the section %s: write it within, as %s",
				file, key[1], key[2], key[1], key[2]))
		}
	}
	return problems
}

func unknownKeys(v *viper.Viper, file string) []error {
	names := Keys()
	var problems []error
	for _, name := range v.AllKeys() {
		if slices.Contains(names, name) || hasSection(names, name) && v.Get(name) == nil {
			continue
		}
		problem := fmt.Errorf("%s: there is no key %s%s", file, name, Suggestion(name, names))
		if hasSection(names, name) {
			problem = fmt.Errorf("%s: %s is a section and takes keys (%s), not %s", file, name,
				strings.Join(keysOf(names, name), ", "), article(v.Get(name)))
		}
		problems = append(problems, problem)
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return problems
}

// keysOf returns what may stand in a section.
func keysOf(names []string, section string) (keys []string) {
	for _, name := range names {
		if rest, within := strings.CutPrefix(name, section+"."); within {
			key, _, _ := strings.Cut(rest, ".")
			keys = append(keys, key)
		}
	}
	return slices.Compact(keys)
}

// article names what a file has in place of something else.
func article(value any) string {
	if _, isList := value.([]any); isList {
		return "a list"
	}
	return "a value"
}

func hasSection(names []string, section string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, section+".") })
}

// foreignVariable matches what container platforms set for a service that is
// called syncer.
var foreignVariable = regexp.MustCompile(`^SYNCER_(SERVICE_|PORT(=|_\d))`)

func unknownVariables(environ []string) []error {
	names := []string{fileEnv}
	for _, k := range settings {
		names = append(names, k.env())
	}
	var problems []error
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, envPrefix) && !slices.Contains(names, name) &&
			!foreignVariable.MatchString(variable) {
			problems = append(problems,
				fmt.Errorf("environment: there is no variable %s%s", name, Suggestion(name, names)))
		}
	}
	return problems
}

// Keys returns the names of all keys.
func Keys() []string {
	names := make([]string, len(settings))
	for i, k := range settings {
		names[i] = k.name
	}
	return names
}

// join makes one error, on one line, of several.
func join(problems []error) error {
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return problems[0]
	}
	texts := make([]string, len(problems))
	for i, problem := range problems {
		texts[i] = problem.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}
