package rest_test

import (
	"fmt"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestIdempotencyKey_outlivesItsEvent(t *testing.T) {
	t.Parallel() // retention takes its time
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{Keep: 3}})
	ann, token := s.User("Ann")
	s.Call("POST", "/rooms/general/join", token, "").Want(201)
	const path, body = "/rooms/general/messages", `{"text":"a","key":"k"}`
	var first, again event
	s.Call("POST", path, token, body).Want(201).Decode(&first)
	for i := range 12 {
		s.Post("general", ann, fmt.Sprint(i))
	}
	wiretest.Eventually(t, "retention has taken the post", func() bool {
		return s.Call("GET", path+"/"+first.ID, token, "").Status == 404
	})
	head := s.Chat.Head()
	a := s.Call("POST", path, token, body).Want(200).Decode(&again)
	if again.ID != first.ID || again.Type != first.Type || again.At != first.At || again.User != first.User || !again.Erased || again.Data.Text != "" {
		t.Errorf("the key is answered %s", a.Body)
	}
	if a.Header.Get("Idempotent-Replayed") != "true" || s.Chat.Head() != head {
		t.Error("it is not told as a repetition")
	}
}
