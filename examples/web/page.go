package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/roomlog/chat/js"
)

// What is served: static has the source of the page, and dist what is made of its
// modules and its style sheets.
//
//	go -C tools run ./webdist
//
//go:embed static/index.html static/icon.svg dist
var files embed.FS

// policy lets the page load its own scripts, styles and pictures and talk to its
// own server, and nothing else: text that somebody posts cannot become code. The
// one script that stands in the page, its import map, is named by its hash.
const policy = "default-src 'none'; script-src 'self' 'sha256-%s'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// clientAt is where the client for browsers is served.
const clientAt = "/client/"

// imports are the files of the client that the page imports, under the names that it has for them.
var imports = [...][2]string{
	{"@roomlog/chat", "chat.js"},
	{"@roomlog/chat/messages", "messages.js"},
	{"@roomlog/chat/people", "people.js"},
	{"@roomlog/chat/calls", "calls.js"},
	{"@roomlog/chat/storage", "storage.js"},
}

// page serves the page and its client. Browsers ask each time whether the page
// itself is still the same. What it names has a hash in its address, and is kept.
func page() http.Handler {
	script, style := load("dist/app.js", "text/javascript"), load("dist/app.css", "text/css")
	index, policy := compose(script, style)
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", index.handler("no-cache", policy))
	mux.Handle("GET /icon.svg", load("static/icon.svg", "image/svg+xml").handler("no-cache", policy))
	for _, a := range []asset{script, style} {
		mux.Handle("GET /"+a.path(), a.handler("public, max-age=31536000, immutable", policy))
	}
	mux.Handle(clientAt, http.StripPrefix(strings.TrimSuffix(clientAt, "/"), js.Handler()))
	return mux
}

// compose makes the page out of its source: with the addresses of what it loads,
// and the map of what its script imports. It returns the page's policy, too.
func compose(script, style asset) (index asset, allowed string) {
	where := map[string]string{}
	var ahead strings.Builder // a browser would find only in the script that it needs them
	for _, i := range imports {
		where[i[0]] = clientAt + js.Path(i[1])
		fmt.Fprintf(&ahead, "\n  <link rel=\"modulepreload\" href=%q>", where[i[0]])
	}
	text, err := json.Marshal(map[string]any{"imports": where})
	must(err)
	source, err := files.ReadFile("static/index.html")
	must(err)
	html := strings.NewReplacer(
		`href="app.css"`, `href="`+style.path()+`"`,
		`src="app.js"`, `src="`+script.path()+`"`,
		`<script type="importmap"></script>`, `<script type="importmap">`+string(text)+`</script>`+ahead.String(),
	).Replace(string(source))
	sum := sha256.Sum256(text)
	return newAsset("index.html", "text/html", []byte(html)), fmt.Sprintf(policy, base64.StdEncoding.EncodeToString(sum[:]))
}

// asset is a file as it is served, as it is and compressed.
type asset struct {
	name, kind, hash string
	plain, packed    []byte
}

func load(path, kind string) asset {
	text, err := files.ReadFile(path)
	must(err)
	return newAsset(path[strings.LastIndexByte(path, '/')+1:], kind, text)
}

func newAsset(name, kind string, text []byte) asset {
	sum := sha256.Sum256(text)
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	must(err)
	_, err = w.Write(text)
	must(err)
	must(w.Close())
	return asset{name, kind + "; charset=utf-8", hex.EncodeToString(sum[:8]), text, packed.Bytes()}
}

// path is the address of an asset: another one for every version.
func (a asset) path() string {
	name, suffix, _ := strings.Cut(a.name, ".")
	return name + "-" + a.hash + "." + suffix
}

func (a asset) handler(cache, policy string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		body, tag := a.plain, a.hash
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			body, tag = a.packed, tag+"-gzip"
			h.Set("Content-Encoding", "gzip")
		}
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", cache)
		h.Set("Content-Type", a.kind)
		h.Set("Vary", "Accept-Encoding")
		h.Set("ETag", `"`+tag+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// must is for what is embedded, or goes into memory: it cannot fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
