package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// origins are the foreign origins whose pages may use the chat with the
// cookies of their visitors.
type origins struct {
	listed     map[string]bool
	protection *http.CrossOriginProtection
}

func newOrigins(list []string) origins {
	o := origins{listed: make(map[string]bool), protection: http.NewCrossOriginProtection()}
	for _, origin := range list {
		if err := o.protection.AddTrustedOrigin(origin); err != nil {
			panic(fmt.Sprintf("transport: Options.Origins: %v", err))
		}
		o.listed[origin] = true
	}
	return o
}

// CheckWrite returns ErrCrossOrigin if the request would change something and
// comes from another site's page, with the visitor's cookie. A request that has
// an Authorization header does not live on a cookie.
func (g *Gate) CheckWrite(r *http.Request) error {
	if _, has := r.Header["Authorization"]; has {
		return nil
	}
	if err := g.origins.protection.Check(r); err != nil {
		return Errorf(ErrCrossOrigin, "the origin is neither this host's nor listed")
	}
	return nil
}

// CheckSocket returns ErrCrossOrigin unless the page that opens a socket is of
// this host or of a listed origin. A client that names no origin is no page,
// whatever else it says; it must bring what no page of another site has: an
// Authorization header, or a ticket.
func (g *Gate) CheckSocket(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if origin != "" && g.origins.listed[origin] {
		return nil
	}
	if origin == "" && r.Header.Get("Authorization") == "" && len(ticketsOf(r)) == 0 {
		return Errorf(ErrCrossOrigin, "a socket without an Origin needs an Authorization header or a ticket")
	}
	switch r.Header.Get("Sec-Fetch-Site") { // first: a proxy may have rewritten Host
	case "same-origin", "none":
		return nil
	case "":
	default:
		return Errorf(ErrCrossOrigin, "the origin %q is not listed", origin)
	}
	if origin == "" {
		return nil
	}
	if u, err := url.Parse(origin); err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) {
		return nil
	}
	return Errorf(ErrCrossOrigin, "the origin %q is not listed", origin)
}

// What pages of listed origins may send and see.
const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
	corsExposed = "Idempotent-Replayed, Retry-After"
)

// AllowOrigin sets the headers that let the page of a listed origin see the
// answer. Doing it twice changes nothing.
func (g *Gate) AllowOrigin(w http.ResponseWriter, r *http.Request) {
	if len(g.origins.listed) == 0 {
		return
	}
	h := w.Header()
	varies := false
	for _, v := range h.Values("Vary") {
		varies = varies || strings.EqualFold(v, "Origin")
	}
	if !varies {
		h.Add("Vary", "Origin")
	}
	if origin := r.Header.Get("Origin"); g.origins.listed[origin] {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", corsExposed)
	}
}

// preflight answers OPTIONS: with what a path takes, and to pages of listed
// origins with what they may send.
func (g *Gate) preflight(w http.ResponseWriter, r *http.Request, allow string) {
	h := w.Header()
	h.Set("Allow", allow)
	if g.origins.listed[r.Header.Get("Origin")] && r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", corsMethods)
		h.Set("Access-Control-Allow-Headers", corsHeaders)
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}
