package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// root is the project's directory.
const root = "../.."

// page is a document in Markdown.
type page struct {
	path   string // from the root
	lines  []string
	blocks []codeBlock
	prose  []string // lines outside code blocks
}

// codeBlock is what stands between fences.
type codeBlock struct {
	language string
	text     string
}

// pages reads all documents of the project.
func pages(t *testing.T) []page {
	t.Helper()
	var paths []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		paths = append(paths, found...)
	}
	read := make([]page, len(paths))
	for i, path := range paths {
		read[i] = readPage(t, path)
	}
	return read
}

func readPage(t *testing.T, path string) page {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		t.Fatal(err)
	}
	p := page{path: filepath.ToSlash(name), lines: strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")}
	inside := false
	for _, line := range p.lines {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !inside:
			p.blocks = append(p.blocks, codeBlock{language: language})
			inside = true
		case fence:
			inside = false
		case inside:
			p.blocks[len(p.blocks)-1].text += line + "\n"
		default:
			p.prose = append(p.prose, line)
		}
	}
	if inside {
		t.Errorf("%s: a code block does not end", p.path)
	}
	return p
}

var spanPattern = regexp.MustCompile("`([^`]+)`")

// code returns what stands in backticks, and the blocks.
func (p page) code() (spans []string, blocks []codeBlock) {
	for _, match := range spanPattern.FindAllStringSubmatch(strings.Join(p.prose, "\n"), -1) {
		spans = append(spans, strings.ReplaceAll(match[1], `\|`, "|"))
	}
	return spans, p.blocks
}

func TestDocumentsAreShapedForReading(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		if p.path == "README.md" && len(p.lines) > 150 {
			t.Errorf("%s has %d lines, more than 150", p.path, len(p.lines))
		}
		for _, line := range p.prose {
			if length := utf8.RuneCountInString(line); length > 120 && !strings.HasPrefix(line, "|") {
				t.Errorf("%s: a line of %d columns: %.60s…", p.path, length, line)
			}
		}
	}
}

var (
	linkPattern    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingPattern = regexp.MustCompile(`^#+ (.*)$`)
	slugPattern    = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors are the names by which the headings of a page can be linked.
func (p page) anchors() map[string]bool {
	names := map[string]bool{}
	for _, line := range p.prose {
		if heading := headingPattern.FindStringSubmatch(line); heading != nil {
			names[strings.ReplaceAll(slugPattern.ReplaceAllString(strings.ToLower(heading[1]), ""), " ", "-")] = true
		}
	}
	return names
}

func TestEveryPackageIsInThePicture(t *testing.T) {
	t.Parallel()
	text := strings.Join(readPage(t, root+"/docs/architecture.md").lines, "\n")
	err := filepath.WalkDir(filepath.Join(root, "syncer"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || entry.Name() == "testdata" {
			return err
		}
		if !regexp.MustCompile(`\b` + entry.Name() + `\b`).MatchString(text) {
			t.Errorf("docs/architecture.md does not mention %s", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLinksBetweenDocumentsResolve(t *testing.T) {
	t.Parallel()
	index := map[string]bool{}
	for _, p := range pages(t) {
		for _, match := range linkPattern.FindAllStringSubmatch(strings.Join(p.prose, "\n"), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			target, anchor, _ := strings.Cut(match[1], "#")
			file := filepath.Join(root, filepath.Dir(p.path), target)
			if target == "" {
				file = filepath.Join(root, p.path)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s: %v", p.path, match[1], err)
			} else if anchor != "" && !readPage(t, file).anchors()[anchor] {
				t.Errorf("%s links to %s, which has no such heading", p.path, match[1])
			}
			if p.path == "docs/README.md" {
				index[target] = true
			}
		}
	}
	for _, p := range pages(t) {
		if name, found := strings.CutPrefix(p.path, "docs/"); found && name != "README.md" && !index[name] {
			t.Errorf("docs/README.md does not list %s", name)
		}
	}
}
