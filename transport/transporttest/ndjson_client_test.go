package transporttest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/transporttest"
)

func TestLines(t *testing.T) { transporttest.Run(t, lineTransport) }

// lineTransport tells the suite how to serve lines, and how to read them.
var lineTransport = transporttest.Transport{
	Name: "lines of JSON",
	Serve: func(t testing.TB, c *chat.Chat, auth transport.Auth, o *transport.Options) transporttest.Server {
		h := newLineHandler(c, auth, o)
		return serveLines(t, h, h.Drain)
	},
}

// serveLines serves a handler of lines until the test ends.
func serveLines(t testing.TB, h http.Handler, drain func(context.Context) error) *lineServer {
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ConnContext = transport.ConnContext
	srv.Start()
	t.Cleanup(srv.Close)
	return &lineServer{address: srv.Listener.Addr().String(), drain: drain, cut: srv.CloseClientConnections}
}

type lineServer struct {
	address string
	drain   func(context.Context) error
	cut     func() // closes all connections
}

func (s *lineServer) Drain(ctx context.Context) error { return s.drain(ctx) }

// Open asks for lines over a connection of its own.
func (s *lineServer) Open(ctx context.Context, q transporttest.Query) (transporttest.Reader, error) {
	query := url.Values{"room": q.Rooms}
	if q.After != "" {
		query.Set("after", q.After)
	}
	if q.Store != "" {
		query.Set("store", q.Store)
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+s.address+"/?"+query.Encode(), http.NoBody)
	if err != nil {
		return nil, err
	}
	if q.Credentials != "" {
		r.Header.Set("Authorization", "Bearer "+q.Credentials)
	}
	conn, err := q.Dial(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	body, err := answer(ctx, conn, r)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &lineReader{conn: conn, lines: bufio.NewReader(body)}, nil
}

// answer makes a request and returns the body of its answer, or the problem that
// the answer is.
func answer(ctx context.Context, conn net.Conn, r *http.Request) (io.Reader, error) {
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if err := r.Write(conn); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	p := new(transport.Problem)
	if err := json.NewDecoder(resp.Body).Decode(p); err != nil {
		return nil, fmt.Errorf("status %d: %w", resp.StatusCode, err)
	}
	return nil, p
}

type lineReader struct {
	conn  net.Conn
	lines *bufio.Reader
}

func (r *lineReader) Close() error { return r.conn.Close() }

// Next reads a line.
func (r *lineReader) Next(ctx context.Context) (f transporttest.Frame, err error) {
	deadline, _ := ctx.Deadline()
	_ = r.conn.SetReadDeadline(deadline)
	text, err := r.lines.ReadBytes('\n')
	if err != nil {
		return f, err
	}
	var line struct {
		Hello  *hello
		Reset  *position
		Event  json.RawMessage
		Live   *chat.ID
		Signal *signal
		Ping   *struct{}
		End    *struct{ Reason, Room string }
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return f, fmt.Errorf("line %.200q: %w", text, err)
	}
	switch {
	case line.Hello != nil:
		f = transporttest.Frame{Kind: transporttest.Hello, Verdict: line.Hello.Verdict}
		for _, p := range line.Hello.Rooms {
			f.Standings = append(f.Standings, transport.Standing{Room: p.Room, Verdict: p.Verdict, Head: p.Head, Floor: p.Floor})
		}
	case line.Reset != nil:
		p := line.Reset
		f = transporttest.Frame{Kind: transporttest.Reset, Room: p.Room, Reason: p.Reason, Head: p.Head, Floor: p.Floor}
	case line.Event != nil:
		var e struct{ ID string }
		err = json.Unmarshal(line.Event, &e)
		f = transporttest.Frame{Kind: transporttest.Event, JSON: line.Event, Cursor: e.ID}
	case line.Live != nil:
		f = transporttest.Frame{Kind: transporttest.Live, Cursor: line.Live.String()}
	case line.Signal != nil:
		s := line.Signal
		f = transporttest.Frame{Kind: transporttest.Signal, Room: s.Room, Name: s.Name, JSON: s.Data, Cursor: s.Cursor}
	case line.Ping != nil:
		f = transporttest.Frame{Kind: transporttest.Ping}
	case line.End != nil:
		f = transporttest.Frame{Kind: transporttest.End, Room: line.End.Room, Reason: line.End.Reason}
	default:
		err = fmt.Errorf("line %.200q is of no kind there is", text)
	}
	return f, err
}
