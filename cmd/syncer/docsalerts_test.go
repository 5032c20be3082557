package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var alertPattern = regexp.MustCompile(`(?s)- alert: (\w+)\n(.*?)(?:\n\n|$)`)

// Whoever is woken by an alert finds what it means: each has a section of its own under the
// heading Alerts, which names it, and no section is of an alert that is not there.
func TestEveryAlertIsExplained(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile(root + "/deploy/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sections := alertSections(t)
	for _, alert := range alertPattern.FindAllStringSubmatch(string(rules), -1) {
		name := alert[1]
		_, anchor, _ := strings.Cut(alert[2], "runbook: docs/operations.md#")
		if section := sections[strings.TrimSpace(anchor)]; !strings.Contains(section, "`"+name+"`") {
			t.Errorf("%s names the section %q, which does not speak of it", name, anchor)
		}
		delete(sections, strings.TrimSpace(anchor))
	}
	for anchor := range sections {
		t.Errorf("docs/operations.md explains %s, which no alert names", anchor)
	}
}

// alertSections are the texts under the heading Alerts, by their anchors.
func alertSections(t *testing.T) map[string]string {
	t.Helper()
	p := readPage(t, root+"/docs/operations.md")
	_, rest, found := strings.Cut(strings.Join(p.prose, "\n"), "\n## Alerts\n")
	if !found {
		t.Fatal("docs/operations.md has no section Alerts")
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	sections := map[string]string{}
	for _, section := range strings.Split(rest, "\n### ")[1:] {
		heading, text, _ := strings.Cut(section, "\n")
		for anchor := range (page{prose: []string{"# " + heading}}).anchors() {
			sections[anchor] = text
		}
	}
	return sections
}
