package postgres

import (
	"context"
	"errors"
)

// Template is a cluster of which new ones are copies, so that initdb, which takes most of
// the time of making a server, runs once for many. A copy has the template's superuser
// password and its system identifier, by which servers tell each other apart, and spends less
// on each login: it is for tests. Several goroutines may start servers from one template.
type Template struct {
	binaries  Binaries
	directory *directory
}

// NewTemplate makes a cluster in a throw-away directory: as for [Start], of whose Config
// Binaries, Search, TempDir and Logger count. It is the caller's to Remove.
func NewTemplate(ctx context.Context, config Config) (*Template, error) {
	dir, err := openTemporaryDirectory(config.TempDir)
	if err != nil {
		return nil, err
	}
	dir.quick = true
	s := &Server{
		config:    Config{Binaries: config.Binaries, Search: config.Search},
		logger:    orDiscard(config.Logger),
		directory: dir,
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, dir.release())
	}
	return &Template{binaries: s.config.Binaries, directory: dir}, nil
}

// Binaries are the programs that made the cluster, which its copies need too.
func (t *Template) Binaries() Binaries { return t.binaries }

// Remove removes the template; copies of it are not affected.
func (t *Template) Remove() error { return t.directory.release() }

// copyTo makes the cluster of a directory that has none.
func (t *Template) copyTo(d *directory) error {
	if err := t.directory.copyPassword(d); err != nil {
		return err
	}
	return t.directory.copyCluster(d)
}
