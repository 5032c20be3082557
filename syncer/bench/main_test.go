package bench_test

import (
	"os"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
