package main

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
)

//go:embed static
var static embed.FS

// policy lets the page load its own scripts, styles and pictures and talk to
// its own server, and nothing else: text that somebody posts cannot become code.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page serves the files of the page. Browsers keep them, and ask each time
// whether they are still the same, so that a new version is seen at once.
func page() http.Handler {
	files, err := fs.Sub(static, "static")
	if err != nil { // embedded: it cannot
		panic(err)
	}
	tag := version(files)
	server := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "the page can only be read", http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		server.ServeHTTP(w, r)
	})
}

// version is an ETag of all the files together: modules belong together too.
func version(files fs.FS) string {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		sum.Write([]byte(path))
		sum.Write(text)
		return err
	})
	if err != nil { // embedded: it cannot
		panic(err)
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`
}
