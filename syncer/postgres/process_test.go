package postgres

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A server that ends while it starts, without a fault, is an error that says so.
func TestServerThatEndsAtOnceIsNamed(t *testing.T) {
	t.Parallel()
	p, err := launch(exec.Command(os.Args[0], "-test.run=^$"))
	if err != nil {
		t.Fatal(err)
	}
	<-p.done
	err = (&Server{}).awaitReady(t.Context(), p)
	if err == nil || !strings.HasSuffix(err.Error(), "it ended: exit status 0") {
		t.Errorf("it says %v", err)
	}
}
