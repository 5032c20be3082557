//go:build java

package daemon_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

// example is what people copy.
const example = "../../examples/java/Balances.java"

// TestJavaExampleOfBalances compiles the example and plays Steve with it.
func TestJavaExampleOfBalances(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	n := start(t, url, "a").ready()
	run(t, psql, `
		insert into player (uuid) values ('Steve'), ('Alice');
		insert into currency values ('coins');
		select change_balance('Steve', 'coins', 100)`)
	say := javaExample(t, n.URL())
	say("/join Steve", "")
	say("/join Alice", "")
	say("/balance Steve", "Your balance is 100")
	say("/pay Steve Alice 101", "You have only 100")
	say("/pay Steve Alice 30", "You paid 30")
	say("/pay Steve nobody 30", "You cannot pay that")
	eventually := func(command, want string) {
		pgtest.Eventually(t, waitTimeout, func() error {
			if got := say(command, "*"); got != want {
				return fmt.Errorf("%s: %s, want %s", command, got, want)
			}
			return nil
		})
	}
	eventually("/balance Steve", "Your balance is 70")
	eventually("/balance Alice", "Your balance is 30")
	run(t, psql, `select change_balance('Alice', 'coins', 12)`)
	eventually("/balance Alice", "Your balance is 42")
	run(t, psql, `delete from balance where uuid = 'Alice'`)
	eventually("/balance Alice", "Your balance is 0")
}

// javaExample compiles and starts the example. The function it returns gives it a
// command and checks its answer: "" for none, "*" for any.
func javaExample(t *testing.T, url string) (say func(command, want string) string) {
	t.Helper()
	dir := t.TempDir()
	compiler := exec.CommandContext(t.Context(), "javac", "-Xlint:all", "-Werror", "-d", dir, example)
	if out, err := compiler.CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, out)
	}
	program := exec.CommandContext(t.Context(), "java", "-cp", dir, "Balances", url)
	program.Stderr = os.Stderr
	in, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = program.Wait()
	})
	lines := bufio.NewScanner(out)
	return func(command, want string) string {
		t.Helper()
		if _, err := io.WriteString(in, command+"\n"); err != nil {
			t.Fatal(err)
		}
		if want == "" {
			return ""
		}
		if !lines.Scan() {
			t.Fatalf("%s: the program ended: %v", command, lines.Err())
		}
		if want != "*" && lines.Text() != want {
			t.Errorf("%s: %s, want %s", command, lines.Text(), want)
		}
		return lines.Text()
	}
}
