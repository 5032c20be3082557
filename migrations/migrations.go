// Package migrations holds the database schema as goose migrations. The files
// are plain goose SQL: the goose tool runs them as well as syncer migrate does.
package migrations

import "embed"

// FS holds the migrations, in its root.
//
//go:embed *.sql
var FS embed.FS
