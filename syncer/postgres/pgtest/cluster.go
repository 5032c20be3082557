package pgtest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"playersync/syncer/postgres"
)

// clusters of this process from which its servers are copied, by the directory of
// the programs that made them.
var clusters struct {
	sync.Mutex
	made map[string]*postgres.Template
}

// Config is that of a server which a test starts by other means than [Server]: its cluster is
// a copy of the process's.
func Config(t testing.TB) postgres.Config {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	config := defaultConfig()
	if err := fromTemplate(ctx, &config); err != nil {
		t.Fatalf("prepare a server for tests: %v", err)
	}
	return config
}

// fromTemplate makes a server start from a copy of the process's cluster.
func fromTemplate(ctx context.Context, config *postgres.Config) error {
	if config.Binaries == (postgres.Binaries{}) {
		found, err := postgres.Find(ctx, nil, config.Search)
		if err != nil {
			return err
		}
		config.Binaries = found
	}
	clusters.Lock()
	defer clusters.Unlock()
	made, ok := clusters.made[config.Binaries.Dir]
	if !ok {
		var err error
		if made, err = postgres.NewTemplate(ctx, *config); err != nil {
			return err
		}
		if clusters.made == nil {
			clusters.made = map[string]*postgres.Template{}
		}
		clusters.made[config.Binaries.Dir] = made
	}
	config.Template = made
	return nil
}

func removeClusters() error {
	clusters.Lock()
	defer clusters.Unlock()
	var failures []error
	for _, made := range clusters.made {
		failures = append(failures, made.Remove())
	}
	clusters.made = nil
	return errors.Join(failures...)
}
