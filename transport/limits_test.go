package transport_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestGuests_areCountedByNetwork(t *testing.T) {
	for _, test := range []struct {
		one, other string
		same       bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1:5", "192.0.2.1:6", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"[2001:db8::1]:5", "2001:db8::2", true},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"a pipe", "a pipe", true},
		{"a pipe", "another", false},
	} {
		s := wiretest.New(t, wiretest.Setup{Options: transport.Options{
			GuestRate: 0.01, GuestBurst: 1,
			Address: func(r *http.Request) string { return r.Header.Get("X-From") },
		}})
		s.Call("POST", "/guest", "", `{"name":"Ann"}`, "X-From", test.one).Want(201)
		a := s.Call("POST", "/guest", "", `{"name":"Ann"}`, "X-From", test.other)
		if !test.same {
			a.Want(201)
		} else if a.WantProblem(429, "rate_limited"); a.Header.Get("Retry-After") != "100" {
			t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
		}
	}
}

func TestACallThatWaits_isCountedAsAConnection(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{ConnectionsPerUser: 1}})
	ann, token := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Post("general", ann, "hello")
	k := s.Socket(token)
	a := s.Call("GET", "/rooms/general/log?after=latest&wait=9s", token, "").WantProblem(429, "too_many_connections")
	if a.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	s.Call("GET", "/rooms/general/log?after=latest", token, "").Want(200)
	s.Call("GET", "/rooms/general/log?wait=9s", token, "").Want(200) // there is something: it need not wait
	s.Call("GET", "/rooms/general/log?after=latest&wait=10ms", bobs, "").Want(200)
	k.Conn.Close()
	for range 3 {
		wiretest.Eventually(t, "the socket is counted out", func() bool {
			return s.Call("GET", "/rooms/general/log?after=latest&wait=1ms", token, "").Status == 200
		})
	}
}

func TestABodyThatNeverEnds_isGivenUp(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{IdleTimeout: 200 * time.Millisecond}})
	_, token := s.User("Ann")
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/rooms/general/join HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", token)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 500 {
			if _, err := conn.Write([]byte(" ")); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	_ = conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != 400 {
		t.Errorf("it is answered %+v, %v", resp, err)
	}
	conn.Close()
	<-ended
	s.Call("POST", "/rooms/general/join", token, "{}").Want(201)
	time.Sleep(300 * time.Millisecond)                           // beyond the deadline
	s.Call("POST", "/rooms/general/join", token, "{}").Want(200) // on the same connection
}
