package main

import (
	"cmp"
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

// What a build says of itself that has no version control at hand, as in a container:
// go build -ldflags "-X main.version=v1.2.3 -X main.revision=0123abc".
var version, revision string

func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	b.Version = cmp.Or(version, info.Main.Version, b.Version)
	b.Revision = revision
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
