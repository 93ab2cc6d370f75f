// Package js serves @roomlog/chat, the client for browsers, from within the
// program: no build, no registry, and the same version as the server's.
//
//	http.Handle("/js/", http.StripPrefix("/js", js.Handler()))
//
// A page imports it from "/js/" + [Path]("chat.js"). The source is in src, what is
// served in dist, both written in the same commit.
package js

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed dist/*.js
var dist embed.FS

// file is a file of dist, as it is and compressed.
type file struct {
	plain, gzip []byte
}

type files struct {
	hash   string
	byName map[string]file
}

// load reads the files once. The hash is of all of them, since they import one
// another by relative names: what a browser has of one version stays together.
var load = sync.OnceValue(func() files {
	all := files{byName: map[string]file{}}
	sum := sha256.New()
	entries, err := fs.ReadDir(dist, "dist") // in the order of the names
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		plain, err := dist.ReadFile(path.Join("dist", e.Name()))
		if err != nil {
			panic(err)
		}
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		_, _ = w.Write(plain)
		_ = w.Close()
		sum.Write([]byte(e.Name() + "\x00"))
		sum.Write(plain)
		all.byName[e.Name()] = file{plain, packed.Bytes()}
	}
	all.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return all
})

// Path returns where [Handler] serves a file, such as "chat.js", relative to where
// that is mounted: "5f3a…/chat.js". It is another one for every version. Empty
// where there is no such file.
func Path(name string) string {
	all := load()
	if _, ok := all.byName[name]; !ok {
		return ""
	}
	return all.hash + "/" + name
}

// Handler serves the files. Under their [Path] they may be kept for ever; under
// their plain names, such as /chat.js, they are asked for anew each time, and
// under the path of another version they are not there.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	all := load()
	name := strings.TrimPrefix(r.URL.Path, "/")
	cache := "no-cache"
	if rest, ok := strings.CutPrefix(name, all.hash+"/"); ok {
		name, cache = rest, "public, max-age=31536000, immutable"
	}
	f, ok := all.byName[name]
	h := w.Header()
	if !ok {
		h.Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	body, tag := f.plain, all.hash
	h.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header) {
		body, tag = f.gzip, tag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Cache-Control", cache)
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reports whether a client takes gzip: it names it, and not with a
// quality of nought.
func acceptsGzip(h http.Header) bool {
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		return !found || strings.Trim(q, "0.") != ""
	}
	return false
}
