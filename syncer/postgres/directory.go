package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// directory is where one server lives; the package comment says what is in it.
type directory struct {
	dir       string
	account   *account
	lock      *fileLock
	temporary bool // removed on release
	quick     bool // logins hash one round: see quickVerifier
}

func (d *directory) data() string     { return filepath.Join(d.dir, "data") }
func (d *directory) password() string { return filepath.Join(d.dir, "password") }
func (d *directory) log() string      { return filepath.Join(d.dir, "postgres.log") }

// openDirectory makes the directory of a server if it is missing and locks it.
func openDirectory(config Config) (*directory, error) {
	if config.DataDir == "" {
		return openTemporaryDirectory(config.TempDir)
	}
	dir, err := filepath.Abs(config.DataDir)
	if err != nil {
		return nil, fmt.Errorf("resolve data directory: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "PG_VERSION")); err == nil {
		return nil, fmt.Errorf("data directory %s is a bare PostgreSQL cluster, not one made by playersync; "+
			"name another directory", dir)
	}
	d := &directory{dir: dir, account: serverAccount()}
	if err := os.MkdirAll(dir, d.mode()); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if closed, mode := d.account.closedParent(dir); closed == dir {
		if err := os.Chmod(dir, mode|0o111); err != nil {
			return nil, fmt.Errorf("open data directory to %s: %w", d.account, err)
		}
	} else if closed != "" {
		return nil, fmt.Errorf("data directory %s: %s, who runs PostgreSQL in place of root, "+
			"may not enter %s (mode %04o); choose a directory elsewhere, such as /var/lib/playersync",
			dir, d.account, closed, mode)
	}
	d.lock, err = lockFile(filepath.Join(dir, "lock"))
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("data directory %s is in use by another playersync process", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("write to data directory: %w", err)
	}
	return d, nil
}

// mode is that of the directory itself: as root, its server must pass it.
func (d *directory) mode() os.FileMode {
	if d.account != nil {
		return 0o711
	}
	return 0o700
}

// release gives the directory up; a temporary one is removed.
func (d *directory) release() error {
	defer d.lock.release()
	if !d.temporary {
		return nil
	}
	if err := os.RemoveAll(d.dir); err != nil {
		return fmt.Errorf("remove throw-away server: %w", err)
	}
	return nil
}

// clusterMajor returns the major version that made the cluster, 0 if there is
// no cluster yet.
func (d *directory) clusterMajor() (int, error) {
	content, err := os.ReadFile(filepath.Join(d.data(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(d.data()); err == nil {
			return 0, fmt.Errorf("%s is no PostgreSQL cluster: it has no PG_VERSION", d.data())
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read cluster version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("read cluster version: %w", err)
	}
	return major, nil
}

// readPassword reads the superuser's password.
func (d *directory) readPassword() (string, error) {
	content, err := os.ReadFile(d.password())
	if err != nil {
		return "", fmt.Errorf("read superuser's password: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// copyPassword gives another directory the superuser's password.
func (d *directory) copyPassword(to *directory) error {
	password, err := os.ReadFile(d.password())
	if err != nil {
		return fmt.Errorf("read superuser's password: %w", err)
	}
	if err := os.WriteFile(to.password(), password, 0o600); err != nil {
		return fmt.Errorf("write superuser's password: %w", err)
	}
	return nil
}

// copyCluster makes the cluster of another directory, which has none, a copy of one that no
// server runs on.
func (d *directory) copyCluster(to *directory) error {
	if err := os.CopyFS(to.data(), os.DirFS(d.data())); err != nil {
		return fmt.Errorf("copy cluster: %w", err)
	}
	if err := os.Chmod(to.data(), 0o700); err != nil {
		return fmt.Errorf("close cluster to others: %w", err)
	}
	return to.account.chownAll(to.data())
}

// initialise makes the cluster. It takes a second or so.
func (d *directory) initialise(ctx context.Context, binaries Binaries, durable bool) error {
	fresh := d.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove unfinished cluster: %w", err)
	}
	if err := os.WriteFile(d.password(), []byte(rand.Text()+"\n"), 0o600); err != nil {
		return fmt.Errorf("write superuser's password: %w", err)
	}
	var failure error
	for _, locale := range localeArguments(binaries.Major) {
		if failure = d.runInitdb(ctx, binaries, fresh, durable, locale); failure == nil {
			break
		}
		if !strings.Contains(failure.Error(), "locale") {
			return failure
		}
	}
	if failure != nil {
		return failure
	}
	if err := os.Rename(fresh, d.data()); err != nil {
		return fmt.Errorf("move cluster into place: %w", err)
	}
	return nil
}

// localeArguments are ways to ask for order by code point and Unicode's letters,
// best first; not every system has a locale for it before version 17.
func localeArguments(major int) [][]string {
	libc := [][]string{{"--locale=C.UTF-8"}, {"--locale=C"}}
	if major >= 17 {
		return append([][]string{{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}}, libc...)
	}
	return libc
}

func (d *directory) runInitdb(ctx context.Context, binaries Binaries, dir string, durable bool, locale []string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make cluster directory: %w", err)
	}
	// initdb may not read our password file if it runs as another user.
	password, err := d.readPassword()
	if err == nil && d.quick {
		password, err = quickVerifier(password)
	}
	if err != nil {
		return err
	}
	copied := d.password() + ".initdb"
	if err := os.WriteFile(copied, []byte(password+"\n"), 0o600); err != nil {
		return fmt.Errorf("write superuser's password: %w", err)
	}
	defer os.Remove(copied)
	for _, path := range []string{dir, copied} {
		if err := d.account.chown(path); err != nil {
			return err
		}
	}
	arguments := append([]string{
		"-D", dir, "-U", superuser, "--encoding=UTF8", "--auth=scram-sha-256", "--pwfile=" + copied,
	}, locale...)
	if !durable {
		arguments = append(arguments, "--no-sync")
	}
	return d.run(ctx, exec.CommandContext(ctx, filepath.Join(binaries.Dir, executable("initdb")), arguments...))
}

// run runs one of PostgreSQL's programs, made with ctx, to its end.
func (d *directory) run(ctx context.Context, cmd *exec.Cmd) error {
	name := filepath.Base(cmd.Path)
	cmd.Env = serverEnv()
	cmd.WaitDelay = time.Second // a cancelled initdb leaves a child behind for a moment
	d.account.apply(cmd)
	bindLifetime(cmd, signalImmediate)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	p, err := launch(cmd)
	if err == nil {
		<-p.done
		err = p.err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("run %s: %w", name, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("run %s: %w\n%s", name, err, tail(output.Bytes()))
	}
	return nil
}

// livePostmaster returns the id of a postmaster that still runs on the cluster,
// or 0. A file left by one that is gone is removed: should its id meanwhile
// belong to an unrelated process of the same user, PostgreSQL would refuse to
// start.
func (d *directory) livePostmaster() (int, error) {
	path := filepath.Join(d.data(), "postmaster.pid")
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read postmaster.pid: %w", err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err == nil && pid > 0 && postmasterAlive(pid, d.data()) {
		return pid, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("remove stale postmaster.pid: %w", err)
	}
	return 0, nil
}

// ready reports whether the postmaster with this id says that it takes
// connections.
func (d *directory) ready(pid int) bool {
	content, err := os.ReadFile(filepath.Join(d.data(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(content), "\n")
	const statusLine = 7
	if len(lines) <= statusLine || lines[0] != strconv.Itoa(pid) {
		return false
	}
	status := strings.TrimSpace(lines[statusLine])
	return status == "ready" || status == "standby"
}

// tail cuts a program's output to the part worth showing in an error.
func tail(output []byte) string {
	const most = 2000
	if len(output) > most {
		output = output[len(output)-most:]
	}
	return strings.TrimSpace(string(output))
}
