package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/roomlog/chat/test/internal/chromium"
	"github.com/roomlog/chat/test/internal/need"
)

// The components of the page, bundled with React, talk in a browser as the page
// of HTML do.
func TestReact_talksInABrowser(t *testing.T) {
	chromium.Need(t)
	var modules need.Modules
	dir := modules.Dir(t, "npm", t.TempDir())
	own := filepath.Join(dir, "node_modules", "@roomlog", "chat")
	if err := os.CopyFS(own, os.DirFS("../../js")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"room.jsx": "export function Room(", "index.jsx": "createRoot("} {
		found := 0
		for _, b := range blocks(t, "jsx") {
			if strings.Contains(b.code, text) {
				found++
				if err := os.WriteFile(filepath.Join(dir, name), []byte(b.code), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if found != 1 {
			t.Fatalf("%d blocks have %q", found, text)
		}
	}
	p := start(t, find(t, "with-react", `http.Dir("dist")`))
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(dir, "index.jsx")}, Bundle: true, Write: true, Outfile: filepath.Join(p.dir, "dist", "app.js"),
		Format: api.FormatESModule, JSX: api.JSXAutomatic, Define: map[string]string{"process.env.NODE_ENV": `"production"`},
	})
	if len(r.Errors) > 0 {
		t.Fatalf("%+v", r.Errors)
	}
	page := `<!doctype html><div id="app"></div><script type="module" src="/app.js"></script>`
	if err := os.WriteFile(filepath.Join(p.dir, "dist", "index.html"), []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	talk(t, p)
}
