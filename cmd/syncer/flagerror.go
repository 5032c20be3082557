package main

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"playersync/cmd/syncer/internal/config"
)

// negativeNumber matches what is taken for flags of one letter, such as -50.
var negativeNumber = regexp.MustCompile(`^-\d\S*$`)

// errTwice is of a flag of one value that is given twice.
var errTwice = errors.New("is given twice")

// onceFlag is a flag of one value: of two only the last would count.
type onceFlag struct {
	pflag.Value
	given bool
}

// Set takes the value, once.
func (f *onceFlag) Set(text string) error {
	if f.given {
		return errTwice
	}
	f.given = true
	return f.Value.Set(text)
}

// giveOnce makes a flag refuse a second value, unless it takes several.
func giveOnce(flag *pflag.Flag) {
	_, several := flag.Value.(pflag.SliceValue)
	if _, once := flag.Value.(*onceFlag); !once && !several {
		flag.Value = &onceFlag{Value: flag.Value}
	}
}

// flagError says in our words what is wrong with a flag, and what to do.
func flagError(command *cobra.Command, err error) error {
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok && errors.Is(err, errTwice) {
		return usagef("--%s is given twice; give it once", wrong.GetFlag().Name) // without values: some are secret
	} else if ok {
		return usagef("--%s: %q %s", wrong.GetFlag().Name, wrong.GetValue(), valueFault(wrong))
	}
	if wrong, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usagef("--%s needs a value; see: %s --help", wrong.GetFlag().Name, command.CommandPath())
	}
	if wrong, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(command, wrong)
	}
	return usagef("%s; see: %s --help", err, command.CommandPath())
}

// valueFault says what a flag takes.
func valueFault(wrong *pflag.InvalidValueError) string {
	if number, ok := errors.AsType[*strconv.NumError](wrong); ok && errors.Is(number, strconv.ErrRange) {
		return "is out of range"
	}
	switch kind := wrong.GetFlag().Value.Type(); kind {
	case "bool":
		return "must be true or false"
	default:
		if strings.HasPrefix(kind, "int") || strings.HasPrefix(kind, "uint") {
			return "must be a whole number"
		}
		return wrong.Unwrap().Error()
	}
}

// unknownFlag says what may be meant by a flag that there is not.
func unknownFlag(command *cobra.Command, wrong *pflag.NotExistError) error {
	word, letters := "--"+wrong.GetSpecifiedName(), wrong.GetSpecifiedShortnames()
	if letters != "" {
		word = "-" + letters
	}
	if negativeNumber.MatchString(word) {
		return usagef("%s is taken for flags; write -- before it: %s … -- %s", word, command.CommandPath(), word)
	}
	name, _, _ := strings.Cut("--"+strings.TrimLeft(word, "-"), "=")
	if near := nearFlag(command, name); near != "" && len(name) > len("--x") {
		return usagef("there is no flag %s%s", word, near)
	}
	if letters != "" {
		word = "-" + wrong.GetSpecifiedName()
	}
	return usagef("there is no flag %s; see: %s --help", word, command.CommandPath())
}

// nearFlag names the flag that is nearest to a word: of the command, else of the first one
// below it that has such a flag.
func nearFlag(command *cobra.Command, word string) string {
	var names []string
	command.LocalFlags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	command.InheritedFlags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	if i := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(name, word) }); i >= 0 {
		word = names[i] // was begun
	}
	if near := config.Suggestion(word, names); near != "" {
		return near
	}
	children := slices.Clone(command.Commands())
	slices.SortStableFunc(children, func(a, b *cobra.Command) int { // what runs first
		return strings.Compare(b.GroupID, a.GroupID)
	})
	for _, child := range children {
		if near := nearFlag(child, word); near != "" && !child.Hidden {
			flag, _, _ := strings.Cut(strings.TrimSuffix(near, "?)"), " of ")
			return flag + " of " + child.CommandPath() + "?)"
		}
	}
	return ""
}

// amountLast moves a negative number, which would be taken for flags, behind "--": where an
// amount is asked for, it is the last argument. The value of a flag stays.
func amountLast(root *cobra.Command, args []string) []string {
	i := slices.IndexFunc(args, func(arg string) bool {
		_, err := strconv.ParseInt(arg, 10, 64)
		return err == nil && arg[0] == '-'
	})
	if i < 1 || slices.Contains(args, "--") {
		return args
	}
	command, _, err := root.Find(args)
	if err != nil {
		return args
	}
	if name, isFlag := strings.CutPrefix(args[i-1], "--"); isFlag && !strings.Contains(name, "=") {
		if flag := command.Flag(name); flag == nil || flag.NoOptDefVal == "" {
			return args
		}
	}
	return slices.Concat(args[:i], args[i+1:], []string{"--", args[i]})
}
