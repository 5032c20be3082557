package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testPattern     = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	testNamePattern = regexp.MustCompile(`^Test[A-Z]\w*`)
)

func TestDocumentedTestsExist(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range testPattern.FindAllSubmatch(source, -1) {
			tests[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		spans, _ := p.code()
		for _, span := range spans {
			if name := testNamePattern.FindString(span); name != "" && !tests[name] {
				t.Errorf("%s: there is no test %s", p.path, name)
			}
		}
	}
}

// A fault without a test is a promise that nobody has tried.
func TestEachDocumentedFaultHasATest(t *testing.T) {
	t.Parallel()
	faults := 0
	for _, line := range readPage(t, root+"/docs/faults.md").prose {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Fault |") {
			continue
		}
		if faults++; !strings.Contains(line, "| `Test") {
			t.Errorf("no test shows: %s", line)
		}
	}
	if faults == 0 {
		t.Error("docs/faults.md has no faults")
	}
}
