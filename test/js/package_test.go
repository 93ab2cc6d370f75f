package js_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat/js"
	"github.com/roomlog/chat/test/internal/node"
)

const maxCore = 6000 // bytes, compressed

func get(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	js.Handler().ServeHTTP(w, r)
	return w
}

// The core, which is all that a page loads to be connected, stays under 6 KB.
func TestCore_isSmall(t *testing.T) {
	plain, err := os.ReadFile("../../js/dist/chat.js")
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = w.Write(plain)
	_ = w.Close()
	t.Logf("%d bytes, %d compressed", len(plain), packed.Len())
	if packed.Len() >= maxCore {
		t.Errorf("the core has %d bytes, of less than %d allowed", packed.Len(), maxCore)
	}
	if served := get(t, "/"+js.Path("chat.js"), "Accept-Encoding", "gzip").Body.Len(); served >= maxCore {
		t.Errorf("served are %d", served)
	}
	if strings.Contains(string(plain), `from"`) {
		t.Error("the core imports something at once")
	}
}

// What is under a hashed name never changes, and what changes is asked for anew.
func TestHandler_servesWhatMayBeKept(t *testing.T) {
	plain, err := os.ReadFile("../../js/dist/chat.js")
	if err != nil {
		t.Fatal(err)
	}
	path := js.Path("chat.js")
	hash, name, _ := strings.Cut(path, "/")
	if len(hash) != 16 || name != "chat.js" || js.Path("none.js") != "" || js.Path("messages.js") != hash+"/messages.js" {
		t.Errorf("the path is %q", path)
	}
	hashed := get(t, "/"+path)
	for key, want := range map[string]string{
		"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": "text/javascript; charset=utf-8",
		"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding", "Content-Encoding": "",
	} {
		if got := hashed.Header().Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if hashed.Code != 200 || !bytes.Equal(hashed.Body.Bytes(), plain) {
		t.Errorf("%d, %d bytes", hashed.Code, hashed.Body.Len())
	}
	now := get(t, "/chat.js")
	if now.Code != 200 || now.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("under its plain name: %d, %q", now.Code, now.Header().Get("Cache-Control"))
	}
	if again := get(t, "/chat.js", "If-None-Match", now.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("asked for anew: %d", again.Code)
	}
	if packed := get(t, "/chat.js", "Accept-Encoding", "br;q=1.0, gzip;q=0.8"); packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("ETag") == now.Header().Get("ETag") {
		t.Errorf("compressed: %v", packed.Header())
	}
	if whole := get(t, "/chat.js", "Accept-Encoding", "gzip;q=0"); whole.Header().Get("Content-Encoding") != "" {
		t.Error("compressed for one who refuses that")
	}
	for _, missing := range []string{"/", "/none.js", "/0123456789abcdef/chat.js", "/" + hash, "/chat.d.ts", "/../js.go"} {
		if w := get(t, missing); w.Code != http.StatusNotFound || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q", missing, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	w := httptest.NewRecorder()
	js.Handler().ServeHTTP(w, httptest.NewRequest("POST", "/chat.js", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", w.Code)
	}
}

// What is committed is what the source gives, to the byte.
func TestDist_isOfTheSource(t *testing.T) {
	cmd := exec.Command("go", "run", "./jsdist", "-check")
	cmd.Dir = "../../tools"
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// Whatever package.json names is there, and whatever is there is for somebody.
func TestPackage_isReadyToBePublished(t *testing.T) {
	root := "../../js"
	text, err := os.ReadFile(filepath.Join(root, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Name, Version, License, Type, Types string
		SideEffects                         *bool
		Files                               []string
		Exports                             map[string]json.RawMessage
		Dependencies, DevDependencies       map[string]string
		PeerDependenciesMeta                map[string]struct{ Optional bool }
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	if p.Name != "@roomlog/chat" || p.License != "MIT" || p.Type != "module" || p.SideEffects == nil || *p.SideEffects ||
		p.Dependencies != nil || p.DevDependencies != nil || !p.PeerDependenciesMeta["react"].Optional {
		t.Errorf("package.json says %+v", p)
	}
	exported := map[string]bool{"dist/stream.js": true} // which the core loads
	for name, raw := range p.Exports {
		var e struct{ Types, Default string }
		if json.Unmarshal(raw, &e) != nil {
			continue // package.json itself
		}
		if i, j := bytes.Index(raw, []byte(`"types"`)), bytes.Index(raw, []byte(`"default"`)); i < 0 || i > j {
			t.Errorf("%s: types do not come first", name)
		}
		for _, file := range []string{e.Types, e.Default} {
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			exported[strings.TrimPrefix(file, "./")] = true
		}
	}
	built, err := filepath.Glob(filepath.Join(root, "dist", "*.js"))
	if err != nil || len(built) == 0 {
		t.Fatal(err)
	}
	for _, file := range built {
		if !exported["dist/"+filepath.Base(file)] {
			t.Errorf("nobody can import %s", file)
		}
	}
	for _, file := range []string{"README.md", "LICENSE"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Error(err)
		}
	}
}

func node1(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The compiler is content with the source, gives the declarations that are
// committed, and is content with one who uses them.
func TestDeclarations_areOfTheSource(t *testing.T) {
	dir := packages(t)
	tsc := filepath.Join("node_modules", "typescript", "bin", "tsc")
	fresh := filepath.Join(dir, "fresh")
	node1(t, dir, tsc, "-p", filepath.Join("node_modules", "@roomlog", "chat"), "--outDir", fresh)
	made, err := filepath.Glob(filepath.Join(fresh, "*.d.ts"))
	if err != nil || len(made) == 0 {
		t.Fatalf("nothing was made: %v", err)
	}
	if *update {
		for _, file := range made {
			text, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(filepath.Join("../../js/dist", filepath.Base(file)), text, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	there, _ := filepath.Glob("../../js/dist/*.d.ts")
	if len(there) != len(made) {
		t.Errorf("%d declarations are committed, %d are made", len(there), len(made))
	}
	for _, file := range made {
		want, _ := os.ReadFile(file)
		got, err := os.ReadFile(filepath.Join("../../js/dist", filepath.Base(file)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not of this source: run this with -args -update (%v)", filepath.Base(file), err)
		}
	}
	node1(t, dir, tsc, "-p", ".")
}

func TestPackage_isWhatPublintAsksFor(t *testing.T) {
	dir := packages(t)
	out := node1(t, dir, filepath.Join("node_modules", "publint", "src", "cli.js"), "--strict", filepath.Join("node_modules", "@roomlog", "chat"))
	if !strings.Contains(out, "All good!") {
		t.Error(out)
	}
}

// The hooks show in a real React what comes.
func TestReact_showsWhatComes(t *testing.T) {
	dir := packages(t)
	s := serve(t)
	if out := node1(t, dir, append(node.Flags(t), "hooks.mjs", s.proxy.url()+"/api")...); !strings.Contains(out, "all shown") {
		t.Error(out)
	}
}
