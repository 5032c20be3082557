package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says what this program was built from.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the source, "" if not known
	Modified bool   `json:"modified"` // the source was changed since that revision
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Revision = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

func newVersionCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		GroupID: groupOperate,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			return a.print(b, func(w io.Writer) {
				fmt.Fprintln(w, "syncer", b.Version, "built with", b.Go, "for", b.Platform)
				if b.Revision != "" {
					fmt.Fprintln(w, "revision", b.Revision)
				}
			})
		},
	}
	a.addJSONFlag(command.Flags())
	return command
}
