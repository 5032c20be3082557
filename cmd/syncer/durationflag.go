package main

import (
	"time"

	"playersync/cmd/syncer/internal/config"
)

// durationFlag is a flag that takes a duration in each form that the configuration takes.
type durationFlag time.Duration

// String returns the default as the help shows it.
func (f *durationFlag) String() string { return time.Duration(*f).String() }

// Set reads the duration.
func (f *durationFlag) Set(text string) error {
	value, err := config.ParseDuration(text)
	*f = durationFlag(value)
	return err
}

// Type stands for the value in help texts.
func (*durationFlag) Type() string { return "duration" }
