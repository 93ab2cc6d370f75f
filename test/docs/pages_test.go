package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of code of a page.
type block struct {
	page string // its name without .md
	path string // of the page, absolute
	line int    // where the code begins
	lang string
	code string
}

func (b block) String() string { return fmt.Sprintf("%s-%d", b.page, b.line) }

// blocks returns the blocks of all pages that are written in one of the languages.
func blocks(t *testing.T, langs ...string) (found []block) {
	t.Helper()
	for _, path := range pages(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b := block{page: strings.TrimSuffix(filepath.Base(path), ".md"), path: path}
		inside := false
		for i, line := range strings.Split(string(text), "\n") {
			fence, is := strings.CutPrefix(line, "```")
			switch {
			case is && inside:
				inside = false
				if slices.Contains(langs, b.lang) {
					found = append(found, b)
				}
			case is:
				inside, b.lang, b.line, b.code = true, fence, i+2, ""
			case inside:
				b.code += line + "\n"
			}
		}
		if inside {
			t.Errorf("%s: the last block has no end", path)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no page has a block of %q", langs)
	}
	return found
}

// pages returns the paths of the pages.
func pages(t *testing.T) (all []string) {
	t.Helper()
	for _, pattern := range []string{"from-*.md", "with-*.md", "five.md"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "docs", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		for _, path := range found {
			path, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, path)
		}
	}
	return all
}

// Whatever language a block is in, something here looks at it.
func TestBlocks_areAllOfAKindThatIsChecked(t *testing.T) {
	checked := []string{"go", "js", "jsx", "html"}
	known := len(blocks(t, checked...))
	fences := 0
	for _, path := range pages(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fences += strings.Count("\n"+string(text), "\n```")
	}
	if fences != 2*known {
		t.Errorf("%d fences, %d blocks of %q", fences, known, checked)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	dropped = regexp.MustCompile("[^a-z0-9 _-]")
)

// What a page links to in the repository is there, the heading too.
func TestLinks_leadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := page
			if target != "" {
				path = filepath.Join(filepath.Dir(page), target)
			}
			there, err := os.Stat(path)
			if err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(page), match[1], err)
				continue
			}
			if anchor == "" || there.IsDir() {
				continue
			}
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(string(content), -1) {
				anchors = append(anchors, strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
			}
			if !slices.Contains(anchors, anchor) {
				t.Errorf("%s links to %s, which has the headings %q", filepath.Base(page), match[1], anchors)
			}
		}
	}
}
