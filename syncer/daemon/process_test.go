package daemon_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/daemon"
	"playersync/syncer/fanout"
	"playersync/syncer/feed"
	"playersync/syncer/httpapi"
	"playersync/syncer/sidecar"
)

// processEnv makes the test binary run one sidecar, as the value says, in place of tests.
const processEnv = "PLAYERSYNC_TEST_SIDECAR"

// processConfig is what a sidecar in a process of its own is told.
type processConfig struct {
	Name, DatabaseURL, Listen, DataDir string
	PollOnly                           bool
	NATS                               string // "": none
}

// process is a sidecar in a process of its own, which may be killed and started again.
type process struct {
	*node
	config  processConfig
	command *exec.Cmd
	ended   chan struct{} // closed when the command has ended
	log     *os.File
}

// startProcess starts a sidecar that lasts until the test's end. Its config lacks what the test
// does not choose.
func startProcess(t testing.TB, config processConfig) *process {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	log, err := os.Create(filepath.Join(t.TempDir(), config.Name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	config.Listen, config.DataDir = address, t.TempDir()
	p := &process{node: &node{t: t, name: config.Name, base: "http://" + address}, log: log, config: config}
	p.start()
	t.Cleanup(func() {
		p.signal(syscall.SIGCONT)
		p.kill()
		client.CloseIdleConnections()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			for line := range strings.Lines(string(text)) {
				if strings.Contains(line, "level=ERROR") {
					t.Logf("%s: %s", config.Name, line)
				}
			}
			t.Logf("end of the log of %s:\n%s", config.Name, text[max(0, len(text)-4000):])
		}
		_ = log.Close()
	})
	return p
}

func (p *process) start() {
	p.t.Helper()
	config, err := json.Marshal(p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	p.command = exec.Command(os.Args[0])
	dieWithUs(p.command)
	p.command.Env = append(os.Environ(), processEnv+"="+string(config))
	p.command.Stdout, p.command.Stderr = p.log, p.log
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	command, ended := p.command, make(chan struct{})
	p.ended = ended
	go func() {
		_ = command.Wait()
		close(ended)
	}()
}

// kill ends the sidecar as a crash would.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

func (p *process) signal(s syscall.Signal) { _ = p.command.Process.Signal(s) }

// runProcess runs a sidecar until it is told to end.
func runProcess(text string) int {
	var c processConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	config := daemon.Config{
		DatabaseURL: c.DatabaseURL,
		Sidecar: sidecar.Config{
			Home:          syncer.GameServer{Name: c.Name, Gamemode: "gamemode-" + c.Name, Address: "127.0.0.1:6567"},
			FlushInterval: 50 * time.Millisecond,
		},
		HTTP: httpapi.Config{Listen: c.Listen},
		Feed: feed.Config{
			Heartbeat: 500 * time.Millisecond, PollOnly: c.PollOnly, PollInterval: 50 * time.Millisecond,
		},
		Fanout:  fanout.Config{URL: c.NATS},
		DataDir: c.DataDir,
	}
	signal.Ignore(syscall.SIGXFSZ) // a full disk, as far as we can fill it, is an error and not the end
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	d, err := daemon.New(ctx, config, log)
	if err == nil {
		err = d.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
