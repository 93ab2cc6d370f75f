package kick_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// patience is how long what must come may take.
const patience = 15 * time.Second

type server struct {
	chat *chat.Chat
	url  string
	addr string
}

// newServer serves a chat to whoever names themselves. Its heartbeats are an
// hour apart: what ends, ends by its event.
func newServer(t *testing.T) *server {
	c, err := chat.Open(filepath.Join(t.TempDir(), "chat.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	auth := func(r *http.Request) (transport.Grant, error) {
		name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		return transport.Grant{User: chat.User{ID: name, Name: name}}, nil
	}
	srv := httptest.NewUnstartedServer(mount.Handler(c, auth, &transport.Options{Heartbeat: time.Hour}))
	srv.Config.ConnContext = transport.ConnContext
	srv.Start()
	t.Cleanup(srv.Close)
	return &server{chat: c, url: srv.URL, addr: srv.Listener.Addr().String()}
}

// reader is a stream or a subscription of a socket, and what has come of it.
type reader struct {
	server  *server
	user    string
	room    string
	events  []event
	signals []string // of what is not stored, names and data
	ended   bool
	// next takes in what comes next: it reports whether that is the mark that it
	// is live.
	next    func(*testing.T) (live bool)
	refused func() (code string, err error) // how it is refused when it comes again
	close   func()
}

func (s *server) open(t *testing.T, over string, user chat.User, room, after string) *reader {
	t.Helper()
	r := &reader{server: s, user: user.ID, room: room}
	var err error
	if over == "sse" {
		err = r.openStream(after)
	} else {
		err = r.openSocket(after)
	}
	if err != nil {
		t.Fatalf("opening %s as %s: %v", room, user.ID, err)
	}
	return r
}

func (r *reader) untilLive(t *testing.T) {
	t.Helper()
	for !r.ended && !r.next(t) {
	}
}

func (r *reader) untilEnd(t *testing.T) {
	t.Helper()
	for !r.ended {
		r.next(t)
	}
}

func (r *reader) until(t *testing.T, id string) {
	t.Helper()
	for !r.ended && !slices.ContainsFunc(r.events, func(e event) bool { return e.ID == id }) {
		r.next(t)
	}
}

// untilSignal reads up to a signal that has this in it.
func (r *reader) untilSignal(t *testing.T, what string) {
	t.Helper()
	for !r.ended && !slices.ContainsFunc(r.signals, func(s string) bool { return strings.Contains(s, what) }) {
		r.next(t)
	}
}

func (r *reader) find(kind string) int {
	return slices.IndexFunc(r.events, func(e event) bool { return e.Type == kind })
}

// wantRefused fails the test unless whoever was removed is refused the room, and
// nothing more has come of it.
func (r *reader) wantRefused(t *testing.T) {
	t.Helper()
	code, err := r.refused()
	if err != nil || code != "room_not_found" && code != "forbidden" {
		t.Errorf("coming again is answered %q, %v", code, err)
	}
}

// fail notes that the reader has failed, and ends it.
func (r *reader) fail(t *testing.T, err error) bool {
	t.Errorf("%s, after %d events: %v", r.user, len(r.events), err)
	r.ended = true
	return false
}

func (r *reader) get(ctx context.Context, after string) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, "GET", r.server.url+"/rooms/"+r.room+"/events?after="+after, http.NoBody)
	if err != nil {
		return nil, err
	}
	q.Header.Set("Authorization", "Bearer "+r.user)
	return http.DefaultTransport.RoundTrip(q)
}

func (r *reader) openStream(after string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	resp, err := r.get(ctx, after)
	if err != nil || resp.StatusCode != http.StatusOK {
		cancel()
		return fmt.Errorf("%v, %w", resp, err)
	}
	r.close = func() { cancel(); _ = resp.Body.Close() }
	lines := bufio.NewReader(resp.Body)
	name := ""
	r.next = func(t *testing.T) bool {
		line, err := lines.ReadString('\n')
		if err != nil {
			return r.fail(t, err)
		}
		line = strings.TrimSuffix(line, "\n")
		data, is := strings.CutPrefix(line, "data: ")
		switch {
		case line == "":
			name = ""
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case is && name == "":
			r.events = append(r.events, decode(t, []byte(data)))
		case is && name == "chat.end":
			r.ended = true
			rest, err := io.ReadAll(lines)
			if err != nil || data != `{"reason":"forbidden"}` || strings.TrimSpace(string(rest)) != "" {
				t.Errorf("%s: the end is %s, then %q, %v", r.user, data, rest, err)
			}
		case is && name == "chat.reset" && r.room != "":
			t.Logf("%s is reset: %s", r.user, data) // a deletion has overtaken it
		case is && name == "chat.live":
			return true
		case is && slices.Contains([]string{"chat.presence", "chat.typing", "chat.read", "chat.signal"}, name):
			r.signals = append(r.signals, name+" "+data)
		}
		return false
	}
	r.refused = func() (string, error) {
		resp, err := r.get(ctx, after)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		var p struct{ Code string }
		err = json.NewDecoder(resp.Body).Decode(&p)
		return p.Code, err
	}
	return nil
}

func (r *reader) openSocket(after string) error {
	d := ws.Dialer{Timeout: patience, Header: ws.HandshakeHeaderHTTP(http.Header{"Authorization": {"Bearer " + r.user}})}
	conn, buffered, _, err := d.Dial(context.Background(), "ws://"+r.server.addr+"/ws")
	if err != nil {
		return err
	}
	r.close = func() { _ = conn.Close() }
	in := buffered
	if in == nil {
		in = bufio.NewReader(conn)
	}
	type frame struct {
		Re     string
		Room   string
		Events []json.RawMessage
		Live   string
		Signal string
		Data   json.RawMessage
		End    *struct{ Reason string }
		Error  *struct{ Code string }
	}
	read := func() (f frame, err error) {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		h, err := ws.ReadHeader(in)
		if err != nil {
			return f, err
		}
		p := make([]byte, h.Length)
		if _, err := io.ReadFull(in, p); err != nil || h.OpCode != ws.OpText {
			return f, err
		}
		return f, json.Unmarshal(p, &f)
	}
	subscribe := func(id string) error {
		return wsutil.WriteClientText(conn, fmt.Appendf(nil, `{"id":%q,"op":"subscribe","room":%q,"after":%q}`, id, r.room, after))
	}
	r.next = func(t *testing.T) bool {
		f, err := read()
		if err == nil && f.Error != nil {
			err = fmt.Errorf("%s", f.Error.Code)
		}
		if err != nil {
			return r.fail(t, err)
		}
		for _, e := range f.Events {
			r.events = append(r.events, decode(t, e))
		}
		if f.Signal != "" {
			r.signals = append(r.signals, f.Signal+" "+string(f.Data))
		}
		if f.End != nil {
			r.ended = true
			if f.End.Reason != "forbidden" || f.Room != r.room {
				t.Errorf("%s: the end is %v of %s", r.user, f.End, f.Room)
			}
		}
		return f.Live != ""
	}
	r.refused = func() (string, error) { // the socket stays
		if err := subscribe("again"); err != nil {
			return "", err
		}
		f, err := read()
		if err == nil && (f.Re != "again" || f.Error == nil) {
			err = fmt.Errorf("behind the end comes %+v", f)
		}
		if err != nil {
			return "", err
		}
		return f.Error.Code, nil
	}
	if err := subscribe("1"); err != nil {
		return err
	}
	for { // hello comes first
		f, err := read()
		switch {
		case err != nil:
			return err
		case f.Error != nil:
			return fmt.Errorf("subscribing: %s", f.Error.Code)
		case f.Re == "1":
			return nil
		}
	}
}
