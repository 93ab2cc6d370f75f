package wiretest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// Stream is a client of an event stream over a connection of its own.
type Stream struct {
	t      testing.TB
	Conn   net.Conn     // over TLS, if the stream is
	TCP    *net.TCPConn // that below
	Status int
	Header http.Header
	lines  *bufio.Reader
}

// Frame is what stands between two blank lines of a stream.
type Frame struct {
	ID, Event, Data, Retry string
	Raw                    string
}

// Stream asks for a stream. header holds further names and values in turn.
func (s *Server) Stream(path, token string, header ...string) *Stream {
	s.t.Helper()
	if s.form == HTTP2 {
		return s.stream2(path, token, header)
	}
	conn, tcp := s.dial()
	var b strings.Builder
	fmt.Fprintf(&b, "GET /api%s HTTP/1.1\r\nHost: %s\r\n", path, s.Addr)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	for i := 0; i < len(header); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", header[i], header[i+1])
	}
	b.WriteString("\r\n")
	if _, err := io.WriteString(conn, b.String()); err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(Patience))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return newStream(s.t, conn, tcp, resp)
}

func newStream(t testing.TB, conn net.Conn, tcp *net.TCPConn, resp *http.Response) *Stream {
	return &Stream{
		t: t, Conn: conn, TCP: tcp, Status: resp.StatusCode, Header: resp.Header,
		lines: bufio.NewReader(resp.Body),
	}
}

// Answer reads what is not a stream.
func (st *Stream) Answer() *Answer {
	st.t.Helper()
	b, err := io.ReadAll(st.lines)
	if err != nil {
		st.t.Fatal(err)
	}
	return &Answer{t: st.t, Status: st.Status, Header: st.Header, Body: b}
}

func (st *Stream) tryNext() (f Frame, err error) {
	_ = st.Conn.SetReadDeadline(time.Now().Add(Patience))
	for {
		line, err := st.lines.ReadString('\n')
		if err != nil {
			return f, err
		}
		f.Raw += line
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			return f, nil
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			f.ID = value
		case "event":
			f.Event = value
		case "data":
			f.Data = value
		case "retry":
			f.Retry = value
		}
	}
}

// signals are the names of frames that tell what is so just now. They come when
// they come: most tests are not about them.
var signals = []string{"chat.presence", "chat.typing", "chat.read", "chat.signal"}

// NextSignal reads up to the next signal of the name; others are passed over.
func (st *Stream) NextSignal(name string) Frame {
	st.t.Helper()
	for {
		f, err := st.tryNext()
		if err != nil {
			st.t.Fatalf("stream: %v", err)
		}
		if f.Event == name {
			return f
		}
	}
}

// TryNext reads the next frame that is not a signal.
func (st *Stream) TryNext() (f Frame, err error) {
	for {
		if f, err = st.tryNext(); err != nil || !slices.Contains(signals, f.Event) {
			return f, err
		}
	}
}

// NextFrame reads the next frame, whatever it is.
func (st *Stream) NextFrame() Frame {
	st.t.Helper()
	f, err := st.tryNext()
	if err != nil {
		st.t.Fatalf("stream: %v", err)
	}
	return f
}

// Next reads the next frame that is not a signal.
func (st *Stream) Next() Frame {
	st.t.Helper()
	f, err := st.TryNext()
	if err != nil {
		st.t.Fatalf("stream: %v", err)
	}
	return f
}

// Want reads the next frame, which must have that name; empty is a stored
// event.
func (st *Stream) Want(event string) Frame {
	st.t.Helper()
	f := st.Next()
	if f.Event != event {
		st.t.Fatalf("frame is %q, not %q: %s", f.Event, event, f.Raw)
	}
	return f
}

// WantEnd reads to the end of the stream, which must be a clean one.
func (st *Stream) WantEnd() {
	st.t.Helper()
	_ = st.Conn.SetReadDeadline(time.Now().Add(Patience))
	rest, err := io.ReadAll(st.lines)
	if err != nil {
		st.t.Fatalf("stream did not end cleanly: %v", err)
	}
	if len(rest) > 0 {
		st.t.Fatalf("stream goes on: %q", rest)
	}
}
