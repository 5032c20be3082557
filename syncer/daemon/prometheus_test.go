//go:build deploy

package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres/pgtest"
)

// What people put on their machines.
const (
	alerts    = "../../deploy/prometheus/alerts.yaml"
	dashboard = "../../deploy/grafana/dashboards/playersync.json"
)

// TestPrometheusRules has promtool look at the files and play the tests of the alerts.
func TestPrometheusRules(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"check", "rules", "--lint=all", "--lint-fatal", "alerts.yaml"},
		{"check", "config", "--syntax-only", "prometheus.yaml"},
		{"test", "rules", "alerts_test.yaml"},
	} {
		command := exec.CommandContext(t.Context(), "promtool", args...)
		command.Dir = filepath.Dir(alerts)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	tested, err := os.ReadFile(strings.TrimSuffix(alerts, ".yaml") + "_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(text(t, alerts), -1) {
		if !strings.Contains(string(tested), "alertname: "+alert[1]+"\n        exp_alerts:\n") {
			t.Errorf("no test lets %s fire", alert[1])
		}
	}
}

// TestPrometheusDashboardAndAlerts has Prometheus watch two sidecars: each expression of the
// dashboard and of the alerts finds data, and alerts fire and clear.
func TestPrometheusDashboardAndAlerts(t *testing.T) {
	t.Parallel()
	db, psql := database(t)
	nats, proxy := natstest.Start(t, nil).URL(), pgtest.NewProxy(t, db)
	a := startProcess(t, processConfig{Name: "a", DatabaseURL: db, NATS: nats})
	b := startProcess(t, processConfig{Name: "b", DatabaseURL: proxy.URL(), NATS: nats})
	watch := startPrometheus(t, a, b)
	for _, p := range []*process{a, b} {
		p.answers()
		p.ready()
		p.join(steve, "Steve")
	}
	changes := 0
	pgtest.Eventually(t, waitTimeout, func() error {
		changes++
		run(t, psql, fmt.Sprintf("update player set highlight = '%d'", changes))
		return watch.finds(append(panels(t), watch.selectors()...))
	})

	outage := &outage{node: b.node, url: db, psql: psql, proxy: proxy}
	watch.fires(nil)
	outage.begin()
	outage.leave(steve, 1)
	a.kill()
	watch.fires([]string{"PlayersyncDown a", "PlayersyncNotFollowing b", "PlayersyncOutboxGrowing b"})
	a.start()
	a.answers()
	outage.end()
	watch.fires(nil)
}

// panels returns the expressions of the dashboard, with its variables filled in.
func panels(t *testing.T) (expressions []string) {
	t.Helper()
	var board struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(text(t, dashboard)), &board); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$instance", ".+", "$__rate_interval", "1m")
	for _, panel := range board.Panels {
		if len(panel.Targets) == 0 && panel.Type != "row" {
			t.Errorf("panel %s asks for nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			expressions = append(expressions, fill.Replace(target.Expr))
		}
	}
	return expressions
}

func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// prometheus is a running server. Instances have the names of their sidecars.
type prometheus struct {
	t    *testing.T
	base string
}

// startPrometheus watches sidecars until the test's end, with the alerts as they are but for the
// time that they wait.
func startPrometheus(t *testing.T, sidecars ...*process) *prometheus {
	t.Helper()
	dir := t.TempDir()
	rules := regexp.MustCompile(`(?m)^( +for: ).*$`).ReplaceAllString(text(t, alerts), "${1}0s")
	config := `{global: {scrape_interval: 250ms, evaluation_interval: 250ms}, rule_files: [alerts.yaml],
		scrape_configs: [{job_name: playersync, static_configs: [`
	for _, p := range sidecars {
		address := strings.TrimPrefix(p.URL(), "http://")
		config += fmt.Sprintf("{targets: [%q], labels: {instance: %q}},", address, p.name)
	}
	for name, content := range map[string]string{"alerts.yaml": rules, "prometheus.yaml": config + "]}]}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	var log strings.Builder
	command := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yaml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	dieWithUs(command)
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("Prometheus: %s", log.String())
		}
	})
	return &prometheus{t: t, base: "http://" + address}
}

// ask decodes the data of an answer.
func (p *prometheus) ask(path string, data any) error {
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base+"/api/v1/"+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer := struct {
		Error string
		Data  any
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return fmt.Errorf("%s: %s", path, answer.Error)
	}
	return nil
}

var selectorPattern = regexp.MustCompile(`(?:playersync_\w+|\bup\b)(?:\{[^}]*\})?`)

// selectors returns what the alerts look at. An alert that Prometheus cannot evaluate fails the test.
func (p *prometheus) selectors() []string {
	p.t.Helper()
	var loaded struct {
		Groups []struct {
			Rules []struct{ Name, Query, LastError string }
		}
	}
	pgtest.Eventually(p.t, waitTimeout, func() error { return p.ask("rules", &loaded) })
	found := map[string]bool{}
	for _, group := range loaded.Groups {
		for _, rule := range group.Rules {
			if rule.LastError != "" {
				p.t.Errorf("%s: %s", rule.Name, rule.LastError)
			}
			for _, selector := range selectorPattern.FindAllString(rule.Query, -1) {
				found[selector] = true
			}
		}
	}
	if len(found) == 0 {
		return []string{"absent_alerts"}
	}
	return slices.Sorted(maps.Keys(found))
}

// finds tells which of the expressions give no number.
func (p *prometheus) finds(expressions []string) error {
	var without []error
	for _, expression := range expressions {
		var data struct {
			Result []struct{ Value [2]any }
		}
		if err := p.ask("query?query="+url.QueryEscape(expression), &data); err != nil {
			return err
		}
		number := slices.ContainsFunc(data.Result, func(sample struct{ Value [2]any }) bool {
			value, _ := sample.Value[1].(string)
			_, err := strconv.ParseFloat(value, 64)
			return err == nil && value != "NaN"
		})
		if !number {
			without = append(without, fmt.Errorf("no data: %s", expression))
		}
	}
	return errors.Join(without...)
}

// fires waits until exactly these alerts of sidecars do, beside what the test does not choose: how
// full the disk is, and what a poll finds of a sidecar that was killed.
func (p *prometheus) fires(want []string) {
	p.t.Helper()
	pgtest.Eventually(p.t, waitTimeout, func() error {
		var data struct {
			Alerts []struct {
				State  string
				Labels struct{ Alertname, Instance string }
			}
		}
		if err := p.ask("alerts", &data); err != nil {
			return err
		}
		firing := []string{}
		for _, alert := range data.Alerts {
			others := []string{"PlayersyncDiskNearlyFull", "PlayersyncChangesFoundByPoll", "PlayersyncStale"}
			if alert.State == "firing" && !slices.Contains(others, alert.Labels.Alertname) {
				firing = append(firing, alert.Labels.Alertname+" "+alert.Labels.Instance)
			}
		}
		slices.Sort(firing)
		if !slices.Equal(firing, want) {
			return fmt.Errorf("firing: %v, want %v", firing, want)
		}
		return nil
	})
}
