package transport_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestRefusals_areNotLogged(t *testing.T) {
	var log bytes.Buffer // slog's handlers write one at a time
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{
		CommandRate: 0.01, CommandBurst: 1, GuestRate: 0.01, GuestBurst: 1,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	k := s.Socket(token)
	k.WantOK("1", `{"id":"1","op":"post","room":"general","text":"a"}`)
	if m, _ := k.Ask("2", `{"id":"2","op":"post","room":"general","text":"a"}`); m.Error == nil || m.Error.Code != "rate_limited" {
		t.Fatalf("the socket is answered %s", m.Raw)
	}
	s.Call("POST", "/rooms/general/messages", token, `{"text":"a"}`).WantProblem(429, "rate_limited")
	s.Call("POST", "/guest", "", `{"name":"Cy"}`).Want(201)
	s.Call("POST", "/guest", "", `{"name":"Cy"}`).WantProblem(429, "rate_limited")
	s.Call("GET", "/rooms/nothing", token, "").WantProblem(404, "room_not_found")
	s.Call("GET", "/rooms/nothing/events", token, "").WantProblem(404, "room_not_found")
	if log.Len() > 0 {
		t.Errorf("the log says %s", &log)
	}
}

func TestARefusalThatPasses_saysWhenToTryAgain(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{CommandRate: 0.1, CommandBurst: 1}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	k := s.Socket(token)
	s.Call("POST", "/rooms/general/messages", token, `{"text":"a"}`).Want(201)
	var problem struct {
		RetryAfter int `json:"retry_after"`
	}
	a := s.Call("POST", "/rooms/general/messages", token, `{"text":"a"}`).WantProblem(429, "rate_limited").Decode(&problem)
	if header := a.Header.Get("Retry-After"); header != "10" || problem.RetryAfter != 10 {
		t.Errorf("the header says %q, the problem %d", header, problem.RetryAfter)
	}
	if m, _ := k.Ask("1", `{"id":"1","op":"post","room":"general","text":"a"}`); m.Error == nil || m.Error.RetryAfter != 10 {
		t.Errorf("the socket is answered %s", m.Raw)
	}
	a = s.Call("GET", "/rooms/nothing", token, "").WantProblem(404, "room_not_found")
	if bytes.Contains(a.Body, []byte("retry_after")) {
		t.Errorf("one that does not pass says when to try again: %s", a.Body)
	}
}
