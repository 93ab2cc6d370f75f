package sse_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
	"github.com/roomlog/chat/transport/sse"
	"github.com/roomlog/chat/transport/transporttest"
)

// The subtests of both transports wait beside each other. Those of the second
// are the ones that end in #01.
func TestContract(t *testing.T) {
	transporttest.Run(t, transporttest.Transport{Name: "server-sent events", Serve: serveStreams(http.Handler.ServeHTTP)})

	// A middleware that hides Hijack keeps the streams in the server.
	transporttest.Run(t, transporttest.Transport{
		Name: "server-sent events, not hijacked",
		Serve: serveStreams(func(h http.Handler, w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(tied{w}, r)
		}),
	})
}

// tied is a response that can be flushed and given deadlines, and not hijacked.
type tied struct{ http.ResponseWriter }

func (w tied) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w tied) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, http.ErrNotSupported }

// serveStreams serves streams of one room and of several, through a middleware.
func serveStreams(middleware func(http.Handler, http.ResponseWriter, *http.Request)) func(testing.TB, *chat.Chat, transport.Auth, *transport.Options) transporttest.Server {
	return func(t testing.TB, c *chat.Chat, auth transport.Auth, o *transport.Options) transporttest.Server {
		h := sse.New(c, auth, o)
		mux := http.NewServeMux()
		mux.Handle("GET /events", h)
		mux.Handle("GET /rooms/{room}/events", h)
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { middleware(mux, w, r) }))
		srv.Config.ConnContext = transport.ConnContext
		srv.Start()
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), wiretest.Patience)
			defer cancel()
			_ = h.Drain(ctx) // a stream that is stuck is cut
			srv.Close()
		})
		return &server{Handler: h, address: srv.Listener.Addr().String()}
	}
}

type server struct {
	*sse.Handler
	address string
}

// Open asks for a stream as a browser does, and never comes back by itself.
func (s *server) Open(ctx context.Context, q transporttest.Query) (transporttest.Reader, error) {
	query, path := url.Values{}, "/events"
	if len(q.Rooms) == 1 { // dots would be cleaned away by the mux
		path = "/rooms/" + strings.ReplaceAll(url.PathEscape(q.Rooms[0]), ".", "%2E") + "/events"
	} else {
		query["room"] = q.Rooms
	}
	if q.After != "" {
		query.Set("after", q.After)
	}
	if q.Store != "" {
		query.Set("store", q.Store)
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+s.address+path+"?"+query.Encode(), http.NoBody)
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
	resp, err := ask(ctx, conn, r)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &reader{conn: conn, lines: bufio.NewReader(resp.Body)}, nil
}

// ask makes a request. An answer that is not 200 is a problem.
func ask(ctx context.Context, conn net.Conn, r *http.Request) (*http.Response, error) {
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if err := r.Write(conn); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil || resp.StatusCode == http.StatusOK {
		return resp, err
	}
	p := new(transport.Problem)
	if err := json.NewDecoder(resp.Body).Decode(p); err != nil {
		return nil, fmt.Errorf("status %d: %w", resp.StatusCode, err)
	}
	return nil, p
}

// reader is an open stream.
type reader struct {
	conn  net.Conn
	lines *bufio.Reader
}

func (r *reader) Close() error { return r.conn.Close() }

// Next reads up to the next blank line behind something that is a frame.
func (r *reader) Next(ctx context.Context) (f transporttest.Frame, err error) {
	deadline, _ := ctx.Deadline()
	_ = r.conn.SetReadDeadline(deadline)
	var id, event, data string
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			return f, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			data = value
		case "retry":
		case "":
			if data != "" {
				return frameOf(id, event, data)
			}
		default:
			return f, fmt.Errorf("line %q", line)
		}
	}
}

// frameOf returns what a frame says. The cursor of a browser is the id.
func frameOf(id, event, data string) (transporttest.Frame, error) {
	f := transporttest.Frame{Cursor: id}
	if event == "" {
		f.Kind, f.JSON = transporttest.Event, []byte(data)
		return f, nil
	}
	f.Kind = transporttest.Kind(strings.TrimPrefix(event, "chat."))
	switch name := string(f.Kind); name {
	case chat.SignalPresence, chat.SignalTyping, chat.SignalRead, "signal":
		f.Kind, f.Name, f.JSON = transporttest.Signal, name, []byte(data)
	}
	type standing struct {
		Verdict     transport.Verdict
		Head, Floor chat.ID
	}
	var said struct {
		standing
		Cursor       string // of live
		Reason, Room string
		Signal       string
		Rooms        map[string]standing
	}
	if err := json.Unmarshal([]byte(data), &said); err != nil {
		return f, fmt.Errorf("%s %q: %w", event, data, err)
	}
	f.Verdict, f.Reason, f.Room, f.Head, f.Floor = said.Verdict, said.Reason, said.Room, said.Head, said.Floor
	if said.Signal != "" {
		f.Name = said.Signal
	}
	for room, st := range said.Rooms {
		f.Standings = append(f.Standings, transport.Standing{Room: room, Verdict: st.Verdict, Head: st.Head, Floor: st.Floor})
	}
	if f.Kind == transporttest.Live && id != "" && id != said.Cursor {
		return f, fmt.Errorf("live has the id %s and the cursor %s", id, said.Cursor)
	}
	return f, nil
}
