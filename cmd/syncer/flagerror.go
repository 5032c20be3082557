package main

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"playersync/cmd/syncer/internal/config"
)

// negativeNumber matches what is taken for flags of one letter, such as -50.
var negativeNumber = regexp.MustCompile(`^-\d\S*$`)

// flagError says in our words what is wrong with a flag, and what to do.
func flagError(command *cobra.Command, err error) error {
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
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
	if letters := wrong.GetSpecifiedShortnames(); letters != "" {
		if negativeNumber.MatchString("-" + letters) {
			return usagef("-%s is taken for flags; write -- before it: %s … -- -%s",
				letters, command.CommandPath(), letters)
		}
		return usagef("there is no flag -%s; see: %s --help", wrong.GetSpecifiedName(), command.CommandPath())
	}
	var names []string
	command.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	word := "--" + wrong.GetSpecifiedName()
	if near := config.Suggestion(word, names); near != "" {
		return usagef("there is no flag %s%s", word, near)
	}
	return usagef("there is no flag %s; see: %s --help", word, command.CommandPath())
}
