package transport_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// newTicket asks for a ticket.
func newTicket(s *wiretest.Server, token string) string {
	var a struct{ Ticket, Expires string }
	s.Call("POST", "/ticket", token, "").Want(201).Decode(&a)
	return a.Ticket
}

// upgrade asks for a socket and returns the status of the answer.
func upgrade(t *testing.T, s *wiretest.Server, query string, header ...string) int {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "GET /api/ws?%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", query, s.Addr)
	for i := 0; i < len(header); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", header[i], header[i+1])
	}
	b.WriteString("\r\n")
	if _, err := conn.Write([]byte(b.String())); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestTicket_opensOneSocketOnce(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	var a struct{ Ticket, Expires string }
	before := time.Now()
	s.Call("POST", "/ticket", token, "{}").Want(201).Decode(&a)
	if len(a.Ticket) < 22 || url.QueryEscape(a.Ticket) != a.Ticket {
		t.Errorf("the ticket is %q", a.Ticket)
	}
	expires, err := time.Parse("2006-01-02T15:04:05.000Z", a.Expires)
	if left := expires.Sub(before); err != nil || left < 59*time.Second || left > 61*time.Second {
		t.Errorf("it expires at %q", a.Expires)
	}
	for i, want := range []int{101, 401, 401} {
		if got := upgrade(t, s, "ticket="+a.Ticket); got != want {
			t.Errorf("use %d is answered %d, not %d", i+1, got, want)
		}
	}
}

func TestTicket_aloneDecidesUnlessThereIsAHeader(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	own := []string{"Origin", "http://" + s.Addr, "Cookie", "chat_guest=" + token}
	for _, query := range []string{"ticket=", "ticket", "ticket=unknown", "ticket=" + newTicket(s, token) + "&ticket=" + newTicket(s, token)} {
		if got := upgrade(t, s, query, own...); got != 401 {
			t.Errorf("%q with a good cookie is answered %d", query, got)
		}
	}
	if got := upgrade(t, s, "", own...); got != 101 {
		t.Errorf("a good cookie is answered %d", got)
	}
	good := newTicket(s, token)
	if got := upgrade(t, s, "ticket=unknown", "Authorization", "Bearer "+token); got != 101 {
		t.Errorf("a good header with a bad ticket is answered %d", got)
	}
	if got := upgrade(t, s, "ticket="+good, "Authorization", "Bearer x"); got != 401 {
		t.Errorf("a bad header with a good ticket is answered %d", got)
	}
	if got := upgrade(t, s, "ticket="+good, "Origin", foreignOrigin); got != 403 {
		t.Errorf("a foreign page with a ticket is answered %d", got)
	}
}

func TestTicket_isForStreamsAndSocketsAlone(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	ticket := newTicket(s, token)
	for _, route := range everyRoute {
		if strings.Contains(route[1], "events") || route[1] == "/ws" {
			continue
		}
		s.Call(route[0], route[1]+"?ticket="+ticket, "", "").WantProblem(401, "unauthenticated")
		s.Call(route[0], route[1], "", "", "Authorization", "Bearer "+ticket).WantProblem(401, "unauthenticated")
	}
	s.Call("POST", "/ticket?ticket="+ticket, "", "").WantProblem(401, "unauthenticated")
	if got := upgrade(t, s, "ticket="+ticket); got != 101 {
		t.Errorf("the ticket was used up by calls: %d", got)
	}
	k := s.Socket(token)
	if m, _ := k.Ask("1", `{"id":"1","op":"auth","token":"`+newTicket(s, token)+`"}`); m.Error == nil || m.Error.Code != "unauthenticated" {
		t.Errorf("op auth takes a ticket: %s", m.Raw)
	}
}

func TestToken_isNeverTakenFromAURL(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	for _, name := range []string{"token", "access_token", "auth", "authorization", "bearer", "jwt", "key", "ticket", "chat_guest"} {
		for _, path := range []string{"/me", "/rooms/general/events", "/ws"} {
			s.Call("GET", path+"?"+name+"="+token, "", "").WantProblem(401, "unauthenticated")
		}
		if got := upgrade(t, s, name+"="+token); got != 401 {
			t.Errorf("a socket with %s is answered %d", name, got)
		}
	}
}

func TestTicket_carriesTheWholeGrant(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	var refused string
	ends := now.Add(90 * time.Second)
	s := wiretest.New(t, wiretest.Setup{})
	g := transport.NewGate(s.Chat, s.Guest.Auth, &transport.Options{Now: clock})
	grant := transport.Grant{
		User: chat.User{ID: "ann", Name: "Ann"}, Expires: ends,
		May: func(_ transport.Action, room string) error { refused = room; return chat.ErrForbidden },
	}
	issue := func() *http.Request {
		t.Helper()
		ticket, err := g.Ticket(&grant)
		if err != nil {
			t.Fatal(err)
		}
		if ticket.Expires.After(ends) {
			t.Errorf("it outlives its grant: %s", ticket.Expires)
		}
		return httptest.NewRequest("GET", "/ws?ticket="+ticket.Text, nil)
	}
	got, err := g.AuthenticateStream(issue())
	if err != nil || got.User != grant.User || !got.Expires.Equal(ends) {
		t.Fatalf("it is %+v, %v", got, err)
	}
	if g.Allow(&got, transport.Read, "general") == nil || refused != "general" {
		t.Error("the rules of the grant are lost")
	}
	old := issue()
	now = now.Add(transport.TicketTTL)
	if _, err := g.AuthenticateStream(old); err == nil {
		t.Error("a ticket is good after a minute")
	}
	late := issue()
	now = ends
	if _, err := g.AuthenticateStream(late); err == nil {
		t.Error("a ticket outlives its grant")
	}
	if _, err := g.Ticket(&grant); err == nil {
		t.Error("a grant that has ended gives a ticket")
	}
}

func TestTicket_isGoodOnceAmongMany(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	g := transport.NewGate(s.Chat, s.Guest.Auth, nil)
	for range 50 {
		ticket, err := g.Ticket(&transport.Grant{User: chat.User{ID: "ann"}})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		let := make(chan struct{}, 8)
		for range cap(let) {
			wg.Go(func() {
				if _, err := g.AuthenticateStream(httptest.NewRequest("GET", "/ws?ticket="+ticket.Text, nil)); err == nil {
					let <- struct{}{}
				}
			})
		}
		wg.Wait()
		if len(let) != 1 {
			t.Fatalf("it let %d in", len(let))
		}
	}
}

func TestTickets_areBounded(t *testing.T) {
	now := time.Now()
	s := wiretest.New(t, wiretest.Setup{})
	g := transport.NewGate(s.Chat, s.Guest.Auth, &transport.Options{
		ConnectionsPerUser: 2, Connections: 3, Now: func() time.Time { return now },
	})
	ticket := func(user string) (string, *transport.Problem) {
		ticket, err := g.Ticket(&transport.Grant{User: chat.User{ID: user}})
		if err != nil {
			return "", transport.ProblemOf(err)
		}
		return ticket.Text, nil
	}
	first, _ := ticket("ann")
	now = now.Add(20 * time.Second)
	if _, p := ticket("ann"); p != nil {
		t.Fatal(p)
	}
	refused := func(user string) {
		t.Helper()
		if _, p := ticket(user); p == nil || p.Code != "rate_limited" || p.Status != 429 || p.RetryAfter != 40 {
			t.Errorf("one more of %s is answered %v", user, p)
		}
	}
	refused("ann")
	if _, p := ticket("bob"); p != nil {
		t.Error(p)
	}
	refused("bob")
	if _, err := g.AuthenticateStream(httptest.NewRequest("GET", "/ws?ticket="+first, nil)); err != nil {
		t.Fatal(err)
	}
	if _, p := ticket("ann"); p != nil {
		t.Errorf("after one was used there is no other: %v", p)
	}
	now = now.Add(transport.TicketTTL)
	for _, user := range []string{"ann", "ann", "bob"} {
		if _, p := ticket(user); p != nil {
			t.Errorf("after all have expired %s has none: %v", user, p)
		}
	}
}

func TestTicket_isCountedAndNeverLogged(t *testing.T) {
	var log bytes.Buffer
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{
		CommandRate: 0.01, CommandBurst: 3,
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}})
	_, token := s.User("Ann")
	var tickets []string
	for range 3 {
		tickets = append(tickets, newTicket(s, token))
	}
	s.Call("POST", "/ticket", token, "").WantProblem(429, "rate_limited")
	s.Call("POST", "/ticket", "", "").WantProblem(401, "unauthenticated")
	s.Call("POST", "/ticket", "", "", "Cookie", "chat_guest="+token, "Origin", foreignOrigin).WantProblem(403, "cross_origin")
	for _, ticket := range tickets {
		s.Call("GET", "/ws?ticket="+ticket+"&x=%zz", "", "").WantProblem(400, "invalid_field")
		s.Call("GET", "/ws?ticket="+ticket, "", "").WantProblem(401, "unauthenticated")
		s.Call("GET", "/events?room=nothing&ticket="+ticket, "", "")
		s.Call("GET", "/rooms?x=%zz&ticket="+ticket, token, "").WantProblem(400, "invalid_field")
		if strings.Contains(log.String(), ticket) {
			t.Errorf("the log says %s", &log)
		}
	}
}

func TestTicketCall_isAsStrictAsOthers(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	s.Call("POST", "/ticket", token, `{"user":"bob"}`).WantProblem(400, "invalid_field")
	s.Call("POST", "/ticket", token, `{`).WantProblem(400, "malformed_json")
	s.Call("POST", "/ticket", token, `{}`, "Content-Type", "").WantProblem(415, "unsupported_media_type")
	s.Call("GET", "/ticket", token, "").WantProblem(405, "method_not_allowed")
	s.Call("POST", "/ticket", token, "").Want(201)
}
