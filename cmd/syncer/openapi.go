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
and documentation. It needs no database. Under "security" stands the token alone if
the configuration has one (http.token or http.tokens), else the token or none.

The document is OpenAPI 3.1. Generators that do not read that take --older, which is
OpenAPI 3.0.`,
		Example: `  syncer openapi > playersync.json
  syncer openapi --older > playersync-3.0.json`,
		GroupID: groupOperate,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			settings, err := a.config(command)
			if err != nil {
				return err
			}
			token := settings.HTTP.Token != "" || len(settings.HTTP.Tokens) > 0
			document, err := httpapi.Document(thisBuild().Version, older, token)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s\n", document)
			return err
		},
	}
	command.Flags().BoolVar(&older, "older", false, "print it as OpenAPI 3.0")
	a.addConfigFlag(command)
	return command
}
