package hosts_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat/transport"
)

func shortTimeouts(srv *http.Server) {
	srv.ReadTimeout, srv.WriteTimeout, srv.IdleTimeout, srv.ReadHeaderTimeout = time.Second, time.Second, time.Second, time.Second
}

// outlives reads pings for longer than any timeout of the server, then an event.
func outlives(h *host, s *stream) {
	h.t.Helper()
	s.want("event: chat.live")
	for from := time.Now(); time.Since(from) < 2500*time.Millisecond; {
		s.want("event: chat.ping")
	}
	s.want("id: " + h.post("later").ID.String())
}

func TestStream_outlivesTheTimeoutsOfAServer(t *testing.T) {
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, transport.Options{Heartbeat: 100 * time.Millisecond}, nil, shortTimeouts)
			outlives(h, h.open(h.srv.Client(), h.srv.URL, ""))
		})
	}
}

// http.TimeoutHandler gathers the whole answer before it sends any of it.
func TestTimeoutHandler_isToldApartAtOnce(t *testing.T) {
	h := start(t, transport.Options{}, func(next http.Handler) http.Handler {
		return http.TimeoutHandler(next, time.Minute, "too late")
	}, nil, nil)
	s := h.open(plain(), h.srv.URL, "")
	body, _ := io.ReadAll(s.lines)
	if s.resp.StatusCode != http.StatusInternalServerError || !strings.Contains(string(body), `"streaming_unsupported"`) {
		t.Errorf("the answer is %s %s", s.resp.Status, body)
	}
	if log := h.log.String(); strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, "TimeoutHandler") ||
		!strings.Contains(log, "writer=*http.timeoutWriter") || !strings.Contains(log, "flushing is not supported") {
		t.Errorf("the log is %s", log)
	}
}

// starts are ways to speak to a server.
var starts = map[string]func(t *testing.T, o transport.Options, middleware func(http.Handler) http.Handler, config func(*http.Server)) *host{
	"HTTP/1.1": func(t *testing.T, o transport.Options, middleware func(http.Handler) http.Handler, config func(*http.Server)) *host {
		return start(t, o, middleware, config, nil)
	},
	"HTTP/1.1 over TLS": func(t *testing.T, o transport.Options, middleware func(http.Handler) http.Handler, config func(*http.Server)) *host {
		return start(t, o, middleware, config, (*httptest.Server).StartTLS)
	},
	"HTTP/2": func(t *testing.T, o transport.Options, middleware func(http.Handler) http.Handler, config func(*http.Server)) *host {
		return start(t, o, middleware, config, func(srv *httptest.Server) {
			srv.EnableHTTP2 = true
			srv.StartTLS()
		})
	},
	"HTTP/2 without TLS": func(t *testing.T, o transport.Options, middleware func(http.Handler) http.Handler, config func(*http.Server)) *host {
		h := start(t, o, middleware, func(srv *http.Server) {
			srv.Protocols = new(http.Protocols)
			srv.Protocols.SetUnencryptedHTTP2(true)
			if config != nil {
				config(srv)
			}
		}, nil)
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		h.srv.Client().Transport.(*http.Transport).Protocols = protocols
		return h
	},
}

func TestHTTP2_carriesManyStreamsOnOneConnection(t *testing.T) {
	for _, name := range []string{"HTTP/2", "HTTP/2 without TLS"} {
		t.Run(name, func(t *testing.T) {
			h := starts[name](t, transport.Options{ConnectionsPerUser: 50}, nil, nil)
			var streams []*stream
			for range 50 {
				s := h.open(h.srv.Client(), h.srv.URL, "")
				if s.resp.ProtoMajor != 2 || s.resp.StatusCode != http.StatusOK {
					t.Fatalf("the answer is %s %s", s.resp.Proto, s.resp.Status)
				}
				s.want("event: chat.live")
				streams = append(streams, s)
			}
			e := h.post("for all")
			for _, s := range streams {
				s.want("id: " + e.ID.String())
			}
			streams[17].close() // one of them, while the others stay
			h.gone(h.srv.Client(), h.srv.URL)
			e = h.post("for the others")
			for i, s := range streams {
				if i != 17 {
					s.want("id: " + e.ID.String())
				}
			}
		})
	}
}
