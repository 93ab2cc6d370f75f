// Package need gets what tests want that is not of Go: programs, and packages of npm.
package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Missing skips a test for want of something, or fails it where all must run: where CI
// is set.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Programs sees that programs are in the path.
func Programs(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			Missing(t, name+" is not in the path: "+err.Error())
		}
	}
}

// Modules are packages of npm. They are installed once, when they are first asked for.
type Modules struct {
	once sync.Once
	dir  string
	err  error
}

// Dir returns a copy of the files of the directory from, which has a package.json and a
// lock, with its packages installed. The copy is at into.
func (m *Modules) Dir(t testing.TB, from, into string) string {
	t.Helper()
	Programs(t, "node", "npm")
	m.once.Do(func() {
		if m.dir, m.err = filepath.Abs(into); m.err != nil {
			return
		}
		if m.err = copyFiles(from, m.dir); m.err != nil {
			return
		}
		npm := exec.Command("npm", "ci", "--prefer-offline", "--ignore-scripts")
		npm.Dir = m.dir
		npm.Stdout, npm.Stderr = os.Stderr, os.Stderr
		m.err = npm.Run()
	})
	if m.err != nil {
		Missing(t, "npm ci: "+m.err.Error())
	}
	return m.dir
}

// copyFiles copies the files of a directory, and not what is below that: somebody may
// have installed packages there.
func copyFiles(from, into string) error {
	if err := os.MkdirAll(into, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(into, e.Name()), text, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return err
}
