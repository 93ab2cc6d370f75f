package ws_test

import (
	"testing"

	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestTheTenthMessageThatIsNoRequest_closesTheSocket(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	k := s.Socket(token)
	for i := range 10 {
		k.Send("rubbish")
		if m := k.Next(); m.Error == nil || m.Error.Code != "malformed_json" || m.Re != nil {
			t.Fatalf("message %d is answered %s", i, m.Raw)
		}
	}
	if code := k.WantClose(); code != 1008 {
		t.Errorf("the code is %d", code)
	}
}

func TestJSONThatIsNoObject_isRefusedAndNotCounted(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	k := s.Socket(token)
	for i := range 30 {
		k.Send([]string{`[]`, `"x"`, `5`, `null`, `[{"op":"ping"}]`}[i%5])
		if m := k.Next(); m.Error == nil || m.Error.Code != "invalid_field" || m.Re != nil {
			t.Fatalf("message %d is answered %s", i, m.Raw)
		}
	}
	k.WantOK("p", `{"id":"p","op":"ping"}`)
}

func TestPing_spendsNothing(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{CommandRate: 0.01, CommandBurst: 1}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "first")
	k := s.Socket(token)
	for range 20 {
		k.WantOK("p", `{"id":"p","op":"ping"}`)
	}
	k.WantOK("1", `{"id":"1","op":"post","room":"general","text":"a"}`)
	k.WantOK("p", `{"id":"p","op":"ping"}`)
	if m, _ := k.Ask("2", `{"id":"2","op":"history","room":"general","limit":null}`); m.Error == nil || m.Error.Code != "rate_limited" {
		t.Errorf("the second command is answered %s", m.Raw)
	}
}
