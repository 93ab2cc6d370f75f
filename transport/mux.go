package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Mux routes requests to handlers by patterns like those of http.ServeMux,
// "GET /rooms/{room}/messages". It differs where a part of an API must: what it
// has no handler for is answered with a problem; it never redirects, which
// would lose the prefix that the host has stripped; and a wildcard also stands
// for an empty segment. It answers OPTIONS, and HEAD where there is a GET. Where
// two patterns fit, the first registered is taken.
type Mux struct {
	gate  *Gate
	paths []*path
}

type path struct {
	pattern  string
	segments []string
	methods  map[string]http.Handler
}

// NewMux returns a mux without routes. The gate tells it which foreign origins
// may see the answers.
func NewMux(g *Gate) *Mux { return &Mux{gate: g} }

// Handle registers a handler for a pattern: a method, a space and a path whose
// segments are literal or a wildcard such as {room}, which becomes the
// request's PathValue. It panics if the pattern is registered already.
func (m *Mux) Handle(pattern string, h http.Handler) {
	method, pathPattern, ok := strings.Cut(pattern, " ")
	if !ok {
		panic(fmt.Sprintf("transport: pattern %q has no method", pattern))
	}
	i := slices.IndexFunc(m.paths, func(p *path) bool { return p.pattern == pathPattern })
	if i < 0 {
		i = len(m.paths)
		m.paths = append(m.paths, &path{
			pattern:  pathPattern,
			segments: strings.Split(strings.TrimPrefix(pathPattern, "/"), "/"),
			methods:  make(map[string]http.Handler),
		})
	}
	if m.paths[i].methods[method] != nil {
		panic(fmt.Sprintf("transport: pattern %q is registered twice", pattern))
	}
	m.paths[i].methods[method] = h
}

// ServeHTTP hands the request to the handler of its path and method.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.gate.AllowOrigin(w, r)
	p, values := m.match(r.URL.EscapedPath())
	if p == nil {
		ProblemOf(Errorf(ErrNotFound, "see the protocol for what there is")).ServeHTTP(w, r)
		return
	}
	if r.Method == http.MethodOptions {
		m.gate.preflight(w, r, p.allow())
		return
	}
	method := r.Method
	if p.methods[method] == nil && method == http.MethodHead {
		method = http.MethodGet
	}
	h := p.methods[method]
	if h == nil {
		w.Header().Set("Allow", p.allow())
		ProblemOf(Errorf(ErrMethodNotAllowed, "allowed are %s", p.allow())).ServeHTTP(w, r)
		return
	}
	for i, segment := range p.segments {
		if name, ok := wildcard(segment); ok {
			r.SetPathValue(name, values[i])
		}
	}
	r.Pattern = method + " " + p.pattern
	h.ServeHTTP(w, r)
}

// match returns the first path that fits, and the request's segments.
func (m *Mux) match(escaped string) (*path, []string) {
	segments := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, segment := range segments {
		var err error
		if segments[i], err = url.PathUnescape(segment); err != nil {
			return nil, nil
		}
	}
	for _, p := range m.paths {
		if p.fits(segments) {
			return p, segments
		}
	}
	return nil, nil
}

func (p *path) fits(segments []string) bool {
	if len(segments) != len(p.segments) {
		return false
	}
	for i, segment := range p.segments {
		if _, wild := wildcard(segment); !wild && segment != segments[i] {
			return false
		}
	}
	return true
}

// allow lists the methods that the path takes.
func (p *path) allow() string {
	methods := []string{http.MethodOptions}
	for method := range p.methods {
		methods = append(methods, method)
		if method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// wildcard returns the name of a segment that stands for any.
func wildcard(segment string) (string, bool) {
	name, ok := strings.CutPrefix(segment, "{")
	if !ok {
		return "", false
	}
	return strings.TrimSuffix(name, "}"), true
}
