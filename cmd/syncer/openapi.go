package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"playersync/syncer/httpapi"
)

func newOpenAPICommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI document of the HTTP API",
		Long: `Prints what a running syncer serves at /openapi.json, for generators of clients
and documentation. It needs neither a database nor a configuration.`,
		Example: `  syncer openapi > playersync.json`,
		GroupID: groupOperate,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			document, err := httpapi.Document(thisBuild().Version)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s\n", document)
			return err
		},
	}
}
