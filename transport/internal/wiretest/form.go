package wiretest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"time"
)

// Form is how a server is spoken to, and so how its streams are written.
type Form string

// The forms. Sockets and calls know only the first.
const (
	Hijacked  Form = ""      // HTTP/1.1, where streams take the connection
	TLS       Form = "TLS"   // the same over TLS
	Responses Form = "HTTP1" // HTTP/1.1 behind a middleware that hides Hijack
	HTTP2     Form = "HTTP2" // without TLS
)

// Forms are all of them.
var Forms = []Form{Hijacked, TLS, Responses, HTTP2}

// String returns the name of the form.
func (f Form) String() string {
	if f == Hijacked {
		return "Hijacked"
	}
	return string(f)
}

func (f Form) start(srv *httptest.Server) {
	switch f {
	case TLS:
		srv.StartTLS()
		return
	case Responses:
		h := srv.Config.Handler
		srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(unhijackable{w, http.NewResponseController(w)}, r)
		})
	case HTTP2:
		srv.Config.Protocols = new(http.Protocols)
		srv.Config.Protocols.SetHTTP1(true)
		srv.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	srv.Start()
}

// unhijackable lets everything through but Hijack.
type unhijackable struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (u unhijackable) FlushError() error                 { return u.rc.Flush() }
func (u unhijackable) SetReadDeadline(t time.Time) error { return u.rc.SetReadDeadline(t) }
func (u unhijackable) CloseNotify() <-chan bool {
	return u.ResponseWriter.(interface{ CloseNotify() <-chan bool }).CloseNotify()
}
func (u unhijackable) SetWriteDeadline(t time.Time) error { return u.rc.SetWriteDeadline(t) }

// Dial opens a connection.
func (s *Server) Dial() net.Conn {
	s.t.Helper()
	conn, _ := s.dial()
	return conn
}

// dial opens a connection, and returns it and what is below it.
func (s *Server) dial() (net.Conn, *net.TCPConn) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	tcp := conn.(*net.TCPConn)
	if s.form == TLS {
		return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}), tcp
	}
	return conn, tcp
}

// stream2 asks for a stream over an HTTP/2 connection of its own, which buffers
// little.
func (s *Server) stream2(path, token string, header []string) *Stream {
	s.t.Helper()
	conn, tcp := s.dial()
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	tr := &http.Transport{
		Protocols:          &protocols,
		HTTP2:              &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10},
		DisableCompression: true,
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}
	r, err := http.NewRequest("GET", s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := tr.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	return newStream(s.t, conn, tcp, resp)
}
