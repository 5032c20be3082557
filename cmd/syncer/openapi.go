package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"playersync/syncer/httpapi"
)

func newOpenAPICommand(a *app) *cobra.Command {
	var older bool
	command := &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI document of the HTTP API",
		Long: `Prints what a running syncer serves at /openapi.json, for generators of clients
and documentation. It needs neither a database nor a configuration.

The document is OpenAPI 3.1. Generators that do not read that take --older, which is
OpenAPI 3.0.`,
		Example: `  syncer openapi > playersync.json
  syncer openapi --older > playersync-3.0.json`,
		GroupID: groupOperate,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			document, err := httpapi.Document(thisBuild().Version, older)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s\n", document)
			return err
		},
	}
	command.Flags().BoolVar(&older, "older", false, "print it as OpenAPI 3.0")
	return command
}
