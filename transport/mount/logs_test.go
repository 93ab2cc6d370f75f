package mount_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
	"github.com/roomlog/chat/transport/sse"
)

// hush begins whatever must not be logged.
const hush = "hush"

// Everything is logged, at the lowest level, by the store, the chat, all
// transports and the server they run in, while texts, tokens and tickets are
// posted, edited, deleted, refused, malformed, and handed to hooks that panic with
// them or put them into their errors.
func TestLogs_holdNoTextTokenOrTicket(t *testing.T) {
	var lines logged
	handler := slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug})
	logger, over := slog.New(handler), make(chan struct{})
	defer close(over)
	s := wiretest.New(t, wiretest.Setup{
		Chat: chat.Options{
			Logger:       logger,
			BeforeAppend: func(_ context.Context, p chat.Proposed) (chat.Fact, error) { return telling(over, p) },
			HookTimeout:  500 * time.Millisecond,
			Policy:       panicking{},
			Validate:     func(_ string, _ chat.User, f chat.Custom) error { panic(string(f.Data)) },
			OnCommit:     func(chat.Commit) { panic(hush + " commit") },
		},
		Options: transport.Options{Logger: logger},
		Auth:    tellingAuth,
		Config: func(srv *http.Server) {
			srv.ErrorLog = log.New(&lines, "", 0)
		},
	})
	_, token := s.User("Ann")
	s.Call("POST", "/rooms/general/join", token, "").Want(201)

	t.Run("commands", func(t *testing.T) { commandsTold(s.In(t), token) })
	t.Run("bodies", func(t *testing.T) { bodiesTold(s.In(t), token) })
	t.Run("credentials", func(t *testing.T) { credentialsTold(t, s.In(t), token) })
	t.Run("sockets", func(t *testing.T) { socketsTold(s.In(t), token) })
	t.Run("streams", func(t *testing.T) { streamsTold(t, s.In(t), logger, token) })
	t.Run("observers", func(t *testing.T) { observersTold(t, s.Chat) })
	t.Run("files", func(t *testing.T) { filesTold(t, logger) })

	if err := s.API.Drain(t.Context()); err != nil { // so that all has been said
		t.Error(err)
	}
	text := lines.String()
	for _, must := range []string{
		"BeforeAppend panicked", "command panicked", "Validate panicked", "OnCommit panicked", "observer panicked",
		"BeforeAppend did not answer in time", "rendering an event panicked", "auth hook panicked", "may hook panicked",
		"request was not authenticated", "the introspection failed", "failed", "chat log is full", "views are rebuilt",
	} {
		if !strings.Contains(text, must) {
			t.Errorf("void: nothing is logged of %q", must)
		}
	}
	for line := range strings.Lines(text) {
		for _, secret := range []string{hush, token, token[strings.LastIndexByte(token, '.')+1:]} {
			if strings.Contains(line, secret) {
				t.Errorf("the log holds %q: %s", secret, line)
			}
		}
	}
}

// telling is a hook that does what the text says; one that is stuck ends when all is
// over.
func telling(over <-chan struct{}, p chat.Proposed) (chat.Fact, error) {
	var text string
	switch f := p.Fact.(type) {
	case chat.MessagePosted:
		text = f.Text
	case chat.MessageEdited:
		text = f.Text
	}
	switch _, what, _ := strings.Cut(text, " "); what {
	case "panic":
		panic(text)
	case "error":
		panic(fmt.Errorf("cannot look at %q", text))
	case "reject":
		return nil, chat.Reject("rude", text)
	case "refuse":
		return nil, errors.New(text)
	case "late":
		return nil, fmt.Errorf("looking at %q: %w", text, context.DeadlineExceeded)
	case "stuck":
		<-over
		return nil, errors.New(text)
	}
	return p.Fact, nil
}

// panicking is a policy that panics with the text where that says so.
type panicking struct{ chat.Rules }

func (p panicking) Allow(r *chat.Request) error {
	if f, ok := r.Fact.(chat.MessagePosted); ok && strings.HasSuffix(f.Text, " policy") {
		panic(f)
	}
	return p.Rules.Allow(r)
}

// tellingAuth is a guest's, with errors and panics that tell what they were given.
func tellingAuth(r *http.Request) (transport.Grant, error) {
	grant, err := transport.NewGuest([]byte("a secret of the tests")).Auth(r)
	given := r.Header.Get("Authorization")
	switch {
	case strings.HasSuffix(given, "panic"):
		panic(given)
	case strings.HasSuffix(given, "told"), strings.HasPrefix(r.Header.Get("Cookie"), "session="):
		return grant, fmt.Errorf("the introspection failed: %q, %v, %s", given, r.Cookies(), r.URL)
	case r.URL.Query().Has("may"):
		grant.May = func(transport.Action, string) error { panic(given) }
	}
	return grant, err
}

func commandsTold(s *wiretest.Server, token string) {
	var posted struct{ ID string }
	s.Call("POST", "/rooms/general/messages", token, `{"text":"hush a text","key":"k1"}`).Want(201).Decode(&posted)
	s.Call("POST", "/rooms/general/messages", token, `{"text":"hush another","key":"k1"}`).WantProblem(422, "idempotency_key_reused")
	for _, text := range []string{"panic", "error", "late", "stuck", "policy"} {
		s.Call("POST", "/rooms/general/messages", token, `{"text":"hush `+text+`"}`).WantProblem(500, "internal")
	}
	s.Call("POST", "/rooms/general/messages", token, `{"text":"hush reject"}`).WantProblem(422, "rejected")
	s.Call("POST", "/rooms/general/messages", token, `{"text":"hush refuse"}`).WantProblem(422, "rejected")
	s.Call("POST", "/rooms/general/messages", token, `{"text":"hush`+strings.Repeat("x", 5000)+`"}`).WantProblem(422, "message_too_long")
	s.Call("POST", "/rooms/general/messages", token, `{"text":"hush \u0000"}`).WantProblem(422, "control_character")
	s.Call("PATCH", "/rooms/general/messages/"+posted.ID, token, `{"text":"hush an edit"}`).Want(200)
	s.Call("PATCH", "/rooms/general/messages/"+posted.ID, token, `{"text":"hush panic"}`).WantProblem(500, "internal")
	s.Call("GET", "/rooms/general/search?q=hush", token, "").Want(200)
	s.Call("GET", "/rooms/general/search?q=hush&q=hush", token, "").WantProblem(400, "invalid_field")
	s.Call("DELETE", "/rooms/general/messages/"+posted.ID, token, "").Want(200)
	s.Call("PATCH", "/rooms/general/messages/"+posted.ID, token, `{"text":"hush too late"}`).WantProblem(409, "message_deleted")
	_, _ = s.Chat.Room("general").Do(context.Background(), chat.Command{
		User: chat.User{ID: "ann"}, Fact: chat.Custom{Type: "x.note", Data: json.RawMessage(`{"text":"hush"}`)},
	})
}

func bodiesTold(s *wiretest.Server, token string) {
	for _, body := range []string{
		`{"text":"hush`, `{"text":"hush","hush":1}`, `"hush"`, `hush`, `{"text":["hush"]}`, `{"text":"hush","text":"hush"}`,
		`{"text":"hush"}{"text":"hush"}`, "{\"text\":\"hush\xff\"}", `{"text":"` + strings.Repeat("hush", 20_000) + `"}`,
	} {
		if a := s.Call("POST", "/rooms/general/messages", token, body); a.Status < 400 || a.Status >= 500 {
			a.Want(400)
		}
	}
	s.Call("POST", "/rooms/general/messages", token, `{"text":"hush"}`, "Content-Type", "text/hush")
	s.Call("POST", "/rooms/hush%20x/messages", token, `{"text":"a"}`, "Content-Encoding", hush).WantProblem(415, "unsupported_media_type")
	s.Call("POST", "/guest", "", `{"name":"hush\u0007x"}`).WantProblem(400, "invalid_field")
}

func credentialsTold(t *testing.T, s *wiretest.Server, token string) {
	for _, bad := range []string{"hush", token + hush, "hush.told", "hush/+=.told", token[:len(token)-6] + ".hush"} {
		s.Call("GET", "/rooms", bad, "").WantProblem(401, "unauthenticated")
		s.Stream("/rooms/general/events", bad).Answer().WantProblem(401, "unauthenticated")
		s.Call("GET", "/ws", bad, "").WantProblem(401, "unauthenticated")
	}
	s.Call("GET", "/rooms?token=hush%2Fhush", "hush.told", "").WantProblem(401, "unauthenticated")
	s.Call("GET", "/rooms", "", "", "Cookie", `session="hush cookie"`).WantProblem(401, "unauthenticated")
	s.Call("GET", "/rooms", "hush.panic", "").WantProblem(500, "internal")
	s.Call("GET", "/rooms/general?may=1", token, "").WantProblem(500, "internal")
	s.Call("POST", "/rooms/general/messages", "", `{"text":"hush"}`, "Cookie", "chat_guest="+token, "Origin", "https://hush.example").WantProblem(403, "cross_origin")
	var ticket struct{ Ticket string }
	s.Call("POST", "/ticket", token, "").Want(201).Decode(&ticket)
	s.Call("GET", "/rooms?ticket="+ticket.Ticket, "", "").WantProblem(401, "unauthenticated")
	s.Call("GET", "/ws?x=%zz&ticket="+ticket.Ticket, "", "").WantProblem(400, "invalid_field")
	s.Call("GET", "/ws?ticket="+ticket.Ticket, "", "").WantProblem(401, "unauthenticated")
	s.Call("GET", "/ws?ticket=hush", "", "").WantProblem(401, "unauthenticated")
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/ws?ticket=hush HTTP/1.1\r\nHost: hush\r\nAuthorization: Bearer %s\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: hush\r\n\r\n", token)
	_ = conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

func socketsTold(s *wiretest.Server, token string) {
	k := s.Socket(token)
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"general","after":"earliest"}`)
	k.WantOK("2", `{"id":"2","op":"post","room":"general","text":"hush on a socket"}`)
	for _, op := range []string{
		`{"id":"3","op":"post","room":"general","text":"hush panic"}`, `{"id":"3","op":"post","room":"general","text":"hush reject"}`,
		`{"id":"3","op":"hush","text":"hush"}`, `{"id":"3","op":"post","room":"general","text":["hush"]}`,
	} {
		k.Ask("3", op)
	}
	for _, frame := range []ws.Frame{
		ws.NewTextFrame([]byte(`{"text":"hush`)), ws.NewTextFrame([]byte("hush\xff")),
		ws.NewBinaryFrame([]byte(hush)), ws.NewTextFrame(bytes.Repeat([]byte(hush), 20_000)), ws.NewCloseFrame([]byte("hush")),
	} {
		k := s.Socket(token)
		k.WriteFrame(frame)
		k.Conn.(*net.TCPConn).CloseWrite()
		for err := error(nil); err == nil; {
			_, _, err = k.ReadFrame()
		}
	}
	_ = k.Conn.(*net.TCPConn).SetLinger(0) // cut in the midst of all
	k.Send(`{"id":"4","op":"post","room":"general","text":"hush at the end"}`)
	k.Conn.Close()
}

func streamsTold(t *testing.T, s *wiretest.Server, logger *slog.Logger, token string) {
	_ = s.Stream("/rooms/general/events?after=hush&x=hush", token).TCP.SetLinger(0)
	st := s.Stream("/rooms/general/events?after=earliest", token)
	for st.Next().Event != "chat.live" {
	}
	_ = st.TCP.SetLinger(0)
	st.Conn.Close()
	h := sse.NewRendered(s.Chat, tellingAuth, &transport.Options{Logger: logger}, func(e chat.Event) []byte { panic(string(e.JSON())) })
	mux := http.NewServeMux()
	mux.Handle("GET /rooms/{room}/html", h)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	defer func() { _ = h.Drain(t.Context()) }()
	r, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/rooms/general/html?after=earliest", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for in := bufio.NewScanner(resp.Body); in.Scan() && !strings.Contains(in.Text(), "chat.live"); {
	}
}

func observersTold(t *testing.T, c *chat.Chat) {
	for _, o := range []chat.Observer{
		{Name: "panics", Handle: func(_ context.Context, e chat.Event) error { panic(string(e.JSON())) }},
		{Name: "fails", Handle: func(_ context.Context, e chat.Event) error { return errors.New(string(e.JSON())) }},
	} {
		if err := c.Observe(t.Context(), o); err == nil {
			t.Errorf("%s did not end", o.Name)
		} else if o.Name == "panics" && strings.Contains(err.Error(), hush) {
			t.Errorf("a host that logs the error logs the text: %v", err)
		}
	}
}

// filesTold fills a file, and opens it with views that are damaged.
func filesTold(t *testing.T, logger *slog.Logger) {
	path := filepath.Join(t.TempDir(), "chat.db")
	o := &chat.Options{Logger: logger, MaxSize: 1 << 20}
	c, err := chat.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = c.Room("general").Post(t.Context(), chat.User{ID: "ann"}, strings.Repeat(hush, 900))
	}
	if !errors.Is(err, chat.ErrStorageFull) {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	views, err := os.ReadFile(path + ".views")
	if err != nil {
		t.Fatal(err)
	}
	for i := 2 * os.Getpagesize(); i < len(views); i += 512 {
		copy(views[i:], hush)
	}
	if err := os.WriteFile(path+".views", views, 0o600); err != nil {
		t.Fatal(err)
	}
	o.MaxSize = 0
	if c, err = chat.Open(path, o); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// logged is a log that is written to by many.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
