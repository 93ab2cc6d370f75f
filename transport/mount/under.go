package mount

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Under returns a handler that serves the API at prefix, such as "/chat", and
// below it, and hands every other request to rest:
//
//	http.ListenAndServe(addr, api.Under("/chat", mux))
//
// The API sees paths as they were sent. An http.ServeMux in front of it would
// clean them first and redirect to what is left, so that a client which deletes
// the reaction ".." of a message is sent to the message itself. For the same
// reason a path that is below prefix only once it is cleaned or unescaped is
// handed to neither: it is not found.
//
// An empty prefix leaves nothing to rest. Under panics if prefix does not begin
// with a slash, or if rest is nil.
func (a *API) Under(prefix string, rest http.Handler) http.Handler {
	prefix = strings.TrimSuffix(prefix, "/")
	if prefix != "" && prefix[0] != '/' {
		panic("mount: the prefix " + prefix + " does not begin with a slash")
	}
	if rest == nil {
		panic("mount: the handler of the rest is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := r.URL
		switch {
		case below(prefix, u.Path) && below(prefix, u.EscapedPath()):
			a.ServeHTTP(w, strip(prefix, r))
		case below(prefix, path.Clean(u.Path)):
			a.ServeHTTP(w, at("/", r)) // where there is nothing
		default:
			rest.ServeHTTP(w, r)
		}
	})
}

// below reports whether a path is prefix or lies below it.
func below(prefix, path string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// strip returns the request without the prefix of its path.
func strip(prefix string, r *http.Request) *http.Request {
	stripped := at(strings.TrimPrefix(r.URL.Path, prefix), r)
	stripped.URL.RawPath = strings.TrimPrefix(r.URL.RawPath, prefix)
	return stripped
}

// at returns the request as one for another path.
func at(path string, r *http.Request) *http.Request {
	moved := *r
	moved.URL = new(url.URL)
	*moved.URL = *r.URL
	moved.URL.Path, moved.URL.RawPath = path, ""
	return &moved
}
