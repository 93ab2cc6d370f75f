package chattest_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/chattest"
	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/transport"
)

func TestClock_standsStillUnlessItIsStepped(t *testing.T) {
	t.Parallel()
	began := time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	s := chattest.New(t, &chattest.Options{Start: began})
	ann := s.User("Ann").Join("general")
	if at := ann.Post("general", "One.").At; !at.Equal(began) {
		t.Errorf("a message is of %s", at)
	}
	if now := s.Clock.Add(36 * time.Hour); !now.Equal(began.Add(36 * time.Hour)) {
		t.Errorf("it is %s", now)
	}
	s.Kill()
	if at := ann.Post("general", "Two.").At; !at.Equal(began.Add(36 * time.Hour)) {
		t.Errorf("after the step a message is of %s", at)
	}
}

func TestClock_endsMutesAndSlowMode(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, nil)
	ctx, ann := t.Context(), s.User("Ann")
	if _, err := ann.Client().Create(ctx, client.NewRoom{ID: "general", SlowMode: 60}); err != nil {
		t.Fatal(err)
	}
	bob := s.User("Bob").Join("general")
	bob.Post("general", "One.")
	refused := func(with error) {
		t.Helper()
		if _, err := s.Chat().Room("general").Post(ctx, bob.User, "Two."); !errors.Is(err, with) {
			t.Errorf("a post is answered %v, not %v", err, with)
		}
	}
	refused(chat.ErrRateLimited)
	s.Clock.Add(time.Minute)
	bob.Post("general", "Three.")
	if _, err := ann.Room("general").Mute(ctx, "bob", s.Clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.Clock.Add(59 * time.Minute)
	refused(chat.ErrForbidden)
	s.Clock.Add(time.Minute)
	bob.Post("general", "Four.")
}

func TestClock_endsTokensAndClientsGetAnother(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, &chattest.Options{
		TokenTTL: time.Hour, Transport: transport.Options{Heartbeat: 20 * time.Millisecond},
	})
	ann := s.User("Ann").Join("general")
	rec, token := ann.Record("general"), ann.Token()
	status := func() int {
		t.Helper()
		r, err := http.NewRequest("GET", s.URL+"/api/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if got := status(); got != 200 {
		t.Errorf("the token is answered %d", got)
	}
	s.Clock.Add(time.Hour)
	if got := status(); got != 401 {
		t.Errorf("an hour later the token is answered %d", got)
	}
	for round := range 30 {
		text := fmt.Sprint("still here ", round)
		ann.Post("general", text)
		rec.WaitFor(chattest.Text(text))
		s.Clock.Add(time.Hour)
	}
	if err := rec.Err(); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}
