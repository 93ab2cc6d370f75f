package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*(?:_[a-z][A-Za-z0-9]*)?)(?:/([A-Z][A-Za-z]*))?`")
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// The tests that the pages name as proof are there under those names.
func TestPages_nameTestsThatAreThere(t *testing.T) {
	there := map[string]bool{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		for _, found := range testFunc.FindAllSubmatch(source, -1) {
			there[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	contract, err := os.ReadFile(filepath.Join(root, "transport", "transporttest", "transporttest.go"))
	if err != nil {
		t.Fatal(err)
	}
	for page, least := range map[string]int{"SECURITY.md": 60, "docs/reliability.md": 8} {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		named := testName.FindAllStringSubmatch(string(text), -1)
		if len(named) < least {
			t.Errorf("void: %s names only %d tests", page, len(named))
		}
		for _, name := range named {
			if !there[name[1]] || name[2] != "" && !strings.Contains(string(contract), `name: "`+name[2]+`"`) {
				t.Errorf("%s names %s, which is not there", page, name[0])
			}
		}
	}
}
