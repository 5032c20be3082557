package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/viper"

	"playersync/cmd/syncer/internal/config"
)

// deployed returns a file of deploy/.
func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pinned is an image of one version, in the registry that is used where none is named.
var pinned = regexp.MustCompile(`^(?:[a-z]+/)?[a-z]+:v?\d+\.\d+(?:\.\d+)?(?:-[a-z]+)?$`)

// Every variable that a container or service is given is one that syncer reads.
func TestDeployedVariablesExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"SYNCER_CONFIG": true}
	for _, key := range config.Keys() {
		known["SYNCER_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = true
	}
	for _, name := range []string{"Dockerfile", "compose.yaml", "systemd/syncer.service", "systemd/syncer@.service"} {
		for _, variable := range variablePattern.FindAllString(deployed(t, name), -1) {
			if !known[variable] {
				t.Errorf("%s: no key has the variable %s", name, variable)
			}
		}
	}
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(deployed(t, "Dockerfile"), "\\\n", " ")
	var stages []string
	last := map[string]string{} // of each instruction, in the last stage
	for line := range strings.Lines(text) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "", "#":
		case "FROM":
			stages = append(stages, strings.Fields(rest)[0])
			clear(last)
		case "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "RUN", "USER", "VOLUME", "WORKDIR":
			last[instruction] = rest
		default:
			t.Errorf("%s is no instruction", instruction)
		}
	}
	if len(stages) != 2 || !pinned.MatchString(stages[0]) || stages[1] != "scratch" {
		t.Errorf("images %v, want one of a fixed version, then scratch", stages)
	}
	for instruction, want := range map[string]string{
		"ENTRYPOINT": `["/usr/bin/syncer"]`, "CMD": `["serve"]`, "USER": "65532:65532", "VOLUME": "/var/lib/playersync",
	} {
		if last[instruction] != want {
			t.Errorf("%s %s, want %s", instruction, last[instruction], want)
		}
	}
	if !strings.HasSuffix(last["HEALTHCHECK"], `CMD ["/usr/bin/syncer", "health"]`) {
		t.Errorf("HEALTHCHECK %s", last["HEALTHCHECK"])
	}
	if !strings.Contains(text, "-o /image/usr/bin/syncer ./cmd/syncer") || !strings.Contains(text, "CGO_ENABLED=0") {
		t.Error("the program is not built static, or not to where it is run")
	}
}

// composed is a service of compose.yaml.
type composed struct {
	Image       string
	Build       map[string]string
	Hostname    string
	User        string
	Environment map[string]string
	Ports       []string
	Volumes     []string
	Secrets     []string
	Privileged  bool
}

func TestCompose(t *testing.T) {
	t.Parallel()
	v := viper.NewWithOptions(viper.KeyDelimiter("|")) // keys have dots and slashes; it makes them lower case
	v.SetConfigFile(root + "/deploy/compose.yaml")
	if err := v.ReadInConfig(); err != nil {
		t.Fatal(err)
	}
	var services map[string]composed
	if err := v.UnmarshalKey("services", &services); err != nil {
		t.Fatal(err)
	}
	named := v.GetStringMap("volumes")
	if len(services) != 5 {
		t.Errorf("%d services, want 5", len(services))
	}
	for name, s := range services {
		if s.Image != "playersync" && !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %s is of no fixed version", name, s.Image)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: other machines reach port %s", name, port)
			}
		}
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			_, found := named[source]
			if strings.HasPrefix(source, "./") {
				_, err := os.Stat(filepath.Join(root, "deploy", source))
				found = err == nil
			}
			if !found {
				t.Errorf("%s: there is no %s", name, source)
			}
		}
		if s.Privileged {
			t.Errorf("%s is privileged", name)
		}
	}
	watched := deployed(t, "prometheus/prometheus.yaml")
	addresses := map[string]bool{}
	for _, name := range []string{"survival", "pvp"} {
		s := services[name]
		addresses[s.Environment["syncer_server_address"]] = true
		if s.Image != "playersync" || s.Environment["syncer_server_name"] != name || s.Hostname != name ||
			s.Environment["syncer_http_allowed_hosts"] != name || !strings.Contains(watched, name+":5082") {
			t.Errorf("%s is not the server that Prometheus asks: %+v", name, s)
		}
	}
	if len(addresses) != 2 {
		t.Error("two servers have one address")
	}
	for _, service := range []string{"prometheus", "grafana"} {
		if _, found := services[service]; !found {
			t.Errorf("no service %s", service)
		}
	}
	if !strings.Contains(deployed(t, "grafana/provisioning/datasources/prometheus.yaml"), "http://prometheus:9090") {
		t.Error("Grafana does not ask the service prometheus")
	}
	const mounted, place = "./grafana/dashboards:/etc/grafana/dashboards:ro", "path: /etc/grafana/dashboards\n"
	if !slices.Contains(services["grafana"].Volumes, mounted) ||
		!strings.Contains(deployed(t, "grafana/provisioning/dashboards/playersync.yaml"), place) {
		t.Error("Grafana does not look for dashboards where they are")
	}
}

// mostExposed is the limit of what systemd-analyze says of a unit, in tenths: below 2.0 is its "OK".
const mostExposed = "19"

// TestSystemdUnits has systemd look at the units: whether it understands them, and how much is
// open to them.
func TestSystemdUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not there")
	}
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, unit := range []string{"syncer.service", "syncer@.service"} {
		text := deployed(t, "systemd/"+unit)
		_, run, _ := strings.Cut(text, "ExecStart=/usr/bin/syncer ")
		run, _, _ = strings.Cut(run, "\n")
		commands = append(commands, run)
		copied := filepath.Join(dir, strings.Replace(unit, "@", "@a", 1))
		text = strings.Replace(text, "/usr/bin/syncer", program, 1) // which must exist
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"verify", "--man=no", copied}, {"security", "--offline=yes", "--threshold=" + mostExposed, copied},
		} {
			if out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput(); err != nil ||
				args[0] == "verify" && len(out) > 0 {
				t.Errorf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
	}
	for _, run := range commands {
		command, rest, err := commandTree().Find(strings.Fields(run))
		if err == nil {
			err = command.ParseFlags(rest)
		}
		if err != nil || command.Name() != "serve" {
			t.Errorf("syncer %s: %v", run, err)
		}
	}
}
