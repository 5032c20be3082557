package main

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/httpapi"
)

// commandTree is the tree of commands as the program builds it.
func commandTree() *cobra.Command {
	tree := newRootCommand(&app{})
	tree.InitDefaultHelpCmd()
	tree.InitDefaultCompletionCmd()
	return tree
}

// commandsOf returns the arguments of each command of ours that a page mentions.
func commandsOf(p page) (commands [][]string) {
	texts, blocks := p.code()
	for _, block := range blocks {
		if block.language == "sh" {
			texts = append(texts, block.text)
		}
	}
	for _, text := range texts {
		for _, words := range shellCommands(text) {
			switch {
			case words[0] == "syncer" || words[0] == "bin/syncer":
				commands = append(commands, words[1:])
			case strings.HasPrefix(strings.Join(words, " "), "go run ./cmd/syncer "):
				commands = append(commands, words[3:])
			}
		}
	}
	return commands
}

func TestDocumentedCommandsAndFlagsExist(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		for _, args := range commandsOf(p) {
			command, rest, err := commandTree().Find(args)
			if err == nil {
				err = command.ParseFlags(rest)
			}
			if err != nil && !errors.Is(err, pflag.ErrHelp) {
				t.Errorf("%s: syncer %s: %v", p.path, strings.Join(args, " "), err)
			} else if words := command.Flags().Args(); command.HasSubCommands() && len(words) > 0 {
				t.Errorf("%s: syncer %s: there is no %s", p.path, strings.Join(args, " "), words[0])
			}
		}
	}
}

func TestEveryCommandIsDocumented(t *testing.T) {
	t.Parallel()
	var documented []string
	for _, args := range commandsOf(readPage(t, root+"/docs/commands.md")) {
		documented = append(documented, strings.Join(append([]string{"syncer"}, args...), " "))
	}
	var walk func(command *cobra.Command)
	walk = func(command *cobra.Command) {
		for _, child := range command.Commands() {
			walk(child)
		}
		if !command.HasSubCommands() && !slices.Contains(documented, command.CommandPath()) {
			t.Errorf("docs/commands.md does not mention %s", command.CommandPath())
		}
	}
	walk(newRootCommand(&app{}))
}

func TestDocumentedFlagsExist(t *testing.T) {
	t.Parallel()
	flags := map[string]bool{}
	var walk func(command *cobra.Command)
	walk = func(command *cobra.Command) {
		add := func(flag *pflag.Flag) { flags["--"+flag.Name] = true }
		command.Flags().VisitAll(add)
		command.PersistentFlags().VisitAll(add)
		for _, child := range command.Commands() {
			walk(child)
		}
	}
	walk(commandTree())
	for _, p := range pages(t) {
		spans, _ := p.code()
		for _, span := range spans {
			if flag, _, _ := strings.Cut(span, " "); strings.HasPrefix(flag, "--") && !flags[flag] {
				t.Errorf("%s: no command has %s", p.path, flag)
			}
		}
	}
}

var (
	keyPattern      = regexp.MustCompile(`^[a-z]+\.[a-z_.]+`)
	variablePattern = regexp.MustCompile(`SYNCER_[A-Z_]+`)
)

// sectionOf is what stands before the first dot of a key.
func sectionOf(key string) string {
	section, _, _ := strings.Cut(key, ".")
	return section
}

func TestDocumentedConfigurationExists(t *testing.T) {
	t.Parallel()
	keys, sections, variables := map[string]bool{}, map[string]bool{}, map[string]bool{
		"SYNCER_CONFIG": true, "SYNCER_": true,
	}
	for _, key := range config.Keys() {
		keys[key], sections[sectionOf(key)] = true, true
		variables["SYNCER_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = true
	}
	for _, p := range pages(t) {
		spans, _ := p.code()
		for _, span := range spans {
			if key := keyPattern.FindString(span); sections[sectionOf(key)] && !keys[key] {
				t.Errorf("%s: there is no key %s", p.path, key)
			}
		}
		for _, variable := range variablePattern.FindAllString(strings.Join(p.lines, "\n"), -1) {
			if !variables[variable] {
				t.Errorf("%s: no key has the variable %s", p.path, variable)
			}
		}
	}
}

var (
	pathPattern = regexp.MustCompile(
		`(?:([A-Z]+) )?(/v1/[^\s'"?,;]+|/healthz|/readyz|/metrics|/openapi(?:-3\.0)?\.json)`)
	parameterPattern = regexp.MustCompile(`\\\{[^}]*\\\}`)
)

func TestDocumentedPathsAndTheAPIAgree(t *testing.T) {
	t.Parallel()
	encoded, err := httpapi.Document("", false, false)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(encoded, &document); err != nil {
		t.Fatal(err)
	}
	undocumented := map[string]bool{}
	patterns := map[string]*regexp.Regexp{}
	for path, methods := range document.Paths {
		patterns[path] = regexp.MustCompile("^" + parameterPattern.ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") +
			"$")
		for method := range methods {
			undocumented[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, p := range pages(t) {
		texts, blocks := p.code()
		for _, block := range blocks {
			texts = append(texts, block.text)
		}
		for _, text := range texts {
			for _, match := range pathPattern.FindAllStringSubmatch(text, -1) {
				method, path := match[1], match[2]
				known := slices.ContainsFunc(operations(document.Paths, method), func(known string) bool {
					return known == path || patterns[known].MatchString(path)
				})
				if !known {
					t.Errorf("%s: the API has no %s %s", p.path, method, path)
				}
				delete(undocumented, method+" "+path)
			}
		}
	}
	for operation := range undocumented {
		t.Errorf("no page mentions %s", operation)
	}
}

// operations lists the paths that have a method, or any for "".
func operations(paths map[string]map[string]json.RawMessage, method string) (found []string) {
	for path, methods := range paths {
		if _, has := methods[strings.ToLower(method)]; has || method == "" {
			found = append(found, path)
		}
	}
	return found
}
