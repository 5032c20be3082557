package outbox_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// childEnv makes the test binary run one of the children instead of the tests.
const childEnv = "OUTBOX_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childEnv); role != "" {
		if err := runChild(role, os.Args[1]); err != nil {
			panic(err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
