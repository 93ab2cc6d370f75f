package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// proxy stands between pages and a server, and can be made to fail as proxies do.
type proxy struct {
	*httptest.Server
	failing atomic.Bool  // answers 502 to everything
	refused atomic.Int64 // streams that got a 502
	losing  atomic.Int64 // so many posts are passed on, and their answers lost
	history atomic.Pointer[gate]
}

// gate holds up those who ask for pages of history.
type gate struct {
	came chan struct{} // somebody has
	open chan struct{} // closed: they may go on
}

// holdHistory has nobody get a page of history before release is called.
func (p *proxy) holdHistory() (came <-chan struct{}, release func()) {
	g := &gate{make(chan struct{}, 1), make(chan struct{})}
	p.history.Store(g)
	return g.came, func() { close(g.open) }
}

func startProxy(t *testing.T, s *server) *proxy {
	t.Helper()
	reverse := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.addr})
	reverse.FlushInterval = -1
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.failing.Load() {
			if strings.HasPrefix(r.URL.Path, "/api/events") {
				p.refused.Add(1)
			}
			http.Error(w, "<h1>Bad gateway</h1>", http.StatusBadGateway)
			return
		}
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") && p.losing.Add(-1) >= 0 {
			reverse.ServeHTTP(httptest.NewRecorder(), r)
			http.Error(w, "<h1>Gateway timeout</h1>", http.StatusGatewayTimeout)
			return
		}
		if g := p.history.Load(); g != nil && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/messages") {
			select {
			case g.came <- struct{}{}:
			default:
			}
			<-g.open
		}
		reverse.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

// A stream that a proxy has cut, and then refused, is opened again from the last cursor.
func TestPage_reopensAStreamThatAProxyRefused(t *testing.T) {
	s := startServer(t)
	front := startProxy(t, s)
	s.post("garden", "The beans are up.")
	ann := signIn(t, "Ann", front.URL+"/?sse=1#general")
	ann.enter("garden")
	ann.enter("general")
	ann.say("Before.")
	ann.sees("Before.")

	front.failing.Store(true)
	front.CloseClientConnections()
	ann.wait(`/Reconnecting/.test(document.querySelector('#status').innerText)`)
	for deadline := time.Now().Add(patience); front.refused.Load() == 0; <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the stream was not asked for again, and answered with a 502")
		}
	}
	ann.say("Into the void.")
	s.post("general", "Said meanwhile.")
	s.post("garden", "Also meanwhile.")
	front.failing.Store(false)

	ann.sees("Said meanwhile.")
	ann.shows(s, "general", 3)
	ann.connected()
	ann.badge("garden", "1") // the list has a stream of its own
	s.post("garden", "And afterwards.")
	ann.badge("garden", "2")
}

// The same for the socket, whose handshake is refused.
func TestPage_reopensASocketThatAProxyRefused(t *testing.T) {
	s := startServer(t)
	front := startProxy(t, s)
	ann := signIn(t, "Ann", front.URL+"/#general")
	ann.say("Before.")
	ann.sees("Before.")

	front.failing.Store(true)
	s.kill() // a hijacked connection is none of the proxy's any more
	s.start()
	ann.wait(`/Reconnecting/.test(document.querySelector('#status').innerText)`)
	ann.say("Into the void.")
	s.post("general", "Said meanwhile.")
	front.failing.Store(false)

	ann.sees("Said meanwhile.")
	ann.shows(s, "general", 3)
	ann.connected()
}

// A post whose answer a proxy has lost was carried out. The page repeats it,
// with its key.
func TestPage_doublesNothingWhenAnswersAreLost(t *testing.T) {
	s := startServer(t)
	front := startProxy(t, s)
	ann := signIn(t, "Ann", front.URL+"/?sse=1#general")
	front.losing.Store(3)
	for _, text := range []string{"One.", "Two.", "Three."} {
		ann.say(text)
	}
	ann.shows(s, "general", 3)
	if left := front.losing.Load(); left > 0 {
		t.Errorf("%d answers are still to be lost", left)
	}
}
