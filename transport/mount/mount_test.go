package mount_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestAnEvent_isTheSameBytesOnEveryTransport(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	s.Call("POST", "/rooms/general/join", token, "").Want(201)
	live, socket := s.Stream("/rooms/general/events", token), s.Socket(token)
	for live.Next().Event != "chat.live" {
	}
	socket.WantOK("s", `{"id":"s","op":"subscribe","room":"general"}`)
	socket.Next() // live

	posted := s.Call("POST", "/rooms/general/messages", token, `{"text":"<é> & \u2028 \"😀\"","key":"k"}`).Want(201).Body
	var e struct{ ID string }
	if err := json.Unmarshal(posted, &e); err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{
		"live stream":    []byte(live.Want("").Data),
		"live socket":    socket.Next().Events[0],
		"repeated post":  s.Call("POST", "/rooms/general/messages", token, `{"text":"<é> & \u2028 \"😀\"","key":"k"}`).Want(200).Body,
		"replayed event": nil, "replayed in a socket": nil, "log": nil, "answer of a socket": nil,
	}
	replay := s.Stream("/rooms/general/events?after=earliest&named=1", token)
	for f := replay.Next(); forms["replayed event"] == nil; f = replay.Next() {
		if f.ID == e.ID {
			forms["replayed event"] = []byte(f.Data)
		}
	}
	other := s.Socket(token)
	other.WantOK("s", `{"id":"s","op":"subscribe","room":"general","after":"earliest"}`)
	var replayed []json.RawMessage
	for len(replayed) < 2 {
		replayed = append(replayed, other.Next().Events...)
	}
	forms["replayed in a socket"] = replayed[1]
	var log struct{ Events []json.RawMessage }
	s.Call("GET", "/rooms/general/log", token, "").Want(200).Decode(&log)
	forms["log"] = log.Events[1]
	m, _ := other.Ask("p", `{"id":"p","op":"post","room":"general","text":"<é> & \u2028 \"😀\"","key":"k"}`)
	var ok struct{ Event json.RawMessage }
	if err := json.Unmarshal(m.OK, &ok); err != nil {
		t.Fatal(err)
	}
	forms["answer of a socket"] = ok.Event
	for name, form := range forms {
		if !bytes.Equal(form, posted) {
			t.Errorf("%s is %s, the post was answered %s", name, form, posted)
		}
	}
}

func TestAPageOfHistory_hasNoSeamWithTheStreamOpenedAfterIt(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "first")
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					s.Post("general", ann, fmt.Sprint(w, " ", i))
				}
			}
		})
	}
	type page struct {
		Messages []struct{ ID string }
		Cursor   string
	}
	for round := range 20 {
		var p page
		s.Call("GET", "/rooms/general/messages?limit=1", token, "").Want(200).Decode(&p)
		var ids []string
		if round%2 == 0 {
			st := s.Stream("/rooms/general/events?after="+p.Cursor, token)
			for len(ids) < 50 {
				if f := st.Next(); f.ID != "" {
					ids = append(ids, f.ID)
				}
			}
			st.Conn.Close()
		} else {
			k := s.Socket(token)
			k.WantOK("s", `{"id":"s","op":"subscribe","room":"general","after":"`+p.Cursor+`"}`)
			for len(ids) < 50 {
				for _, e := range k.Next().Events {
					var id struct{ ID string }
					if err := json.Unmarshal(e, &id); err != nil {
						t.Fatal(err)
					}
					ids = append(ids, id.ID)
				}
			}
			k.Conn.Close()
		}
		cursor, _ := transport.ParseID(p.Messages[0].ID)
		stored, err := s.Chat.Room("general").Log(t.Context(), "", cursor, len(ids))
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range stored.Events {
			if e.ID.String() != ids[i] {
				t.Fatalf("round %d: after the page comes %s, the stream has %s", round, e.ID, ids[i])
			}
		}
	}
	close(stop)
	writers.Wait()
}

func TestDrain_letsShutdownReturnWithAllOpen(t *testing.T) {
	before := runtime.NumGoroutine()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	streams, sockets := []*wiretest.Stream{}, []*wiretest.Socket{}
	for range 10 {
		st := s.Stream("/rooms/general/events", token)
		st.Next()
		k := s.Socket(token)
		k.WantOK("s", `{"id":"s","op":"subscribe","room":"general"}`)
		streams, sockets = append(streams, st), append(sockets, k)
	}
	s.HTTP.Config.RegisterOnShutdown(s.Chat.Drain)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := errors.Join(s.HTTP.Config.Shutdown(ctx), s.API.Drain(ctx)); err != nil {
		t.Fatal(err)
	}
	for i := range streams {
		for f := streams[i].Next(); f.Event != "chat.end"; f = streams[i].Next() {
		}
		streams[i].WantEnd()
		if code := sockets[i].WantClose(); code != 1012 {
			t.Errorf("the code is %d", code)
		}
	}
	if err := s.Chat.Close(); err != nil {
		t.Fatal(err)
	}
	s.HTTP.Close()
	s.HTTP.Client().CloseIdleConnections()
	wiretest.Eventually(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before })
}

func TestDrain_cutsOffWhoDoesNotListenInTime(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	k := s.Socket(token)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.API.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("drain: %v", err)
	}
	for {
		if _, _, err := k.ReadFrame(); err != nil {
			break
		}
	}
	if err := s.API.Drain(t.Context()); err != nil {
		t.Errorf("drain again: %v", err)
	}
}

func TestLimits_areCountedOverAllTransports(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{CommandRate: 0.01, CommandBurst: 2, ConnectionsPerUser: 1}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	k := s.Socket(token)
	if f := s.Stream("/rooms/general/events", token).Next(); f.Retry != "30000" {
		t.Errorf("a stream beside the socket begins with %q", f.Raw)
	}
	s.Call("POST", "/rooms/general/messages", token, `{"text":"a"}`).Want(201)
	k.WantOK("1", `{"id":"1","op":"post","room":"general","text":"b"}`)
	s.Call("POST", "/rooms/general/messages", token, `{"text":"c"}`).WantProblem(429, "rate_limited")
	if m, _ := k.Ask("2", `{"id":"2","op":"post","room":"general","text":"d"}`); m.Error == nil || m.Error.Code != "rate_limited" {
		t.Errorf("the socket is answered %s", m.Raw)
	}
}

func TestClose_endsStreamsAndSocketsWithoutADrain(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	st, k := s.Stream("/rooms/general/events", token), s.Socket(token)
	k.WantOK("s", `{"id":"s","op":"subscribe","room":"general"}`)
	if err := s.Chat.Close(); err != nil {
		t.Fatal(err)
	}
	for f := st.Next(); f.Event != "chat.end"; f = st.Next() {
	}
	st.WantEnd()
	if code := k.WantClose(); code != 1012 {
		t.Errorf("the code is %d", code)
	}
	if _, err := s.Chat.Room("general").Post(t.Context(), ann, "two"); !errors.Is(err, chat.ErrShuttingDown) {
		t.Errorf("a post is answered %v", err)
	}
}
