package sse_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// frames reads n frames of a stream as they come, signals too.
func frames(st *wiretest.Stream, n int) (all []wiretest.Frame) {
	for range n {
		all = append(all, st.NextFrame())
	}
	return all
}

// present returns who is in a room, and the version.
func present(t *testing.T, s *wiretest.Server, room string) (ids string, version uint64) {
	t.Helper()
	p, err := s.Chat.Room(room).Presence(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range p.Users {
		ids += u.ID + " "
	}
	return strings.TrimSpace(ids), p.Version
}

func TestSignals_comeBehindLiveAndHaveNoID(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, anns := s.User("Ann")
		_, bobs := s.User("Bob")
		events := s.Post("general", ann, "one", "two")
		first := events[0].ID.String()
		s.Call("PUT", "/rooms/general/read", bobs, `{"up_to":"`+first+`"}`).Want(200)
		s.Call("POST", "/rooms/general/typing", anns, "").Want(204)
		s.Call("POST", "/rooms/general/signals", anns, `{"kind":"x.dot","data":{"at":1}}`).Want(204)

		for path, live := range map[string]string{
			"/rooms/general/events?after=" + first: "",
			"/events?room=general&after=" + first:  "",
			"/rooms/general/events?after=latest":   s.Chat.Head().String(),
		} {
			st := s.Stream(path, bobs)
			n := 7
			if live == "" {
				n = 8
			}
			all := frames(st, n)
			if live == "" {
				if f := all[2]; f.Event != "" || f.ID != events[1].ID.String() {
					t.Errorf("%s: what was missed is %q", path, f.Raw)
				}
				all = append(all[:2:2], all[3:]...)
			}
			if all[0].Retry == "" {
				t.Errorf("%s begins with %q", path, all[0].Raw)
			}
			for i, want := range []struct{ event, data string }{
				{"chat.hello", `{"v":1,`},
				{"chat.live", `{"cursor":`},
				{"chat.read", `{"room":"general","up_to":"` + first + `","unread":1,"mentions":0}`},
				{"chat.presence", `{"room":"general","version":`},
				{"chat.typing", `{"room":"general","users":[{"id":"ann","name":"Ann"}]}`},
				{"chat.signal", `{"room":"general","signal":"x.dot","user":{"id":"ann","name":"Ann"},"data":{"at":1}}`},
			} {
				f := all[i+1]
				if f.Event != want.event || !strings.HasPrefix(f.Data, want.data) {
					t.Errorf("%s: frame %d is %q, not %s %s", path, i+1, f.Raw, want.event, want.data)
				}
				if f.Event == "chat.live" {
					if f.ID != live {
						t.Errorf("%s: live has the id %q, not %q", path, f.ID, live)
					}
				} else if f.ID != "" || strings.Contains(f.Raw, "id:") && !strings.Contains(f.Data, "id:") {
					t.Errorf("%s: %q has an id", path, f.Raw)
				}
			}
			st.Conn.Close()
		}
	})
}

func TestSignals_tellWhatChanges(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	last := s.Post("general", ann, "one")[0].ID.String()
	st := s.Stream("/rooms/general/events", bobs)
	begin(t, st)
	st.Want("chat.live")
	st.NextSignal("chat.presence")
	s.Call("PUT", "/rooms/general/read", bobs, `{"up_to":"`+last+`"}`).Want(200)
	if f := st.NextSignal("chat.read"); f.Data != `{"room":"general","up_to":"`+last+`","unread":0,"mentions":0}` {
		t.Errorf("the marker that was moved elsewhere is %s", f.Data)
	}
	s.Call("POST", "/rooms/general/signals", anns, `{"kind":"x.dot","data":1}`).Want(204)
	s.Call("POST", "/rooms/general/signals", anns, `{"kind":"x.dot","data":null}`).Want(204)
	for f := st.NextSignal("chat.signal"); ; f = st.NextSignal("chat.signal") {
		if strings.HasSuffix(f.Data, `"data":null}`) {
			break
		}
	}
	s.Call("PUT", "/me/status", bobs, `{"status":"away","text":"at lunch"}`).Want(200)
	f := st.NextSignal("chat.presence")
	var p struct {
		Version, From uint64
		Users         []chat.Present
	}
	if err := json.Unmarshal([]byte(f.Data), &p); err != nil || p.From == 0 || p.Version <= p.From || len(p.Users) != 1 || p.Users[0].Status != "away" || p.Users[0].Text != "at lunch" {
		t.Errorf("a status that has changed is told as %s", f.Data)
	}
}

// Neither who is refused, nor who asks with HEAD, nor who wants no signals is there.
func TestStreamsWithoutSignals_makeNobodyPresent(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{ConnectionsPerUser: 3}})
		ann, anns := s.User("Ann")
		s.Post("general", ann, "one")
		s.Call("HEAD", "/rooms/general/events", anns, "").Want(200)
		s.Call("HEAD", "/events?room=general", anns, "").Want(200)
		s.Stream("/rooms/general/events", anns, "Accept", "text/html").Answer().WantProblem(406, "not_acceptable")
		var quiet []*wiretest.Stream
		for _, path := range []string{"/rooms/general/events?signals=0", "/events?room=general&signals=false", "/rooms/general/events?signals=0&after=earliest"} {
			st := s.Stream(path, anns)
			begin(t, st)
			quiet = append(quiet, st)
		}
		if f := s.Stream("/rooms/general/events", anns).Want(""); f.Retry != "30000" {
			t.Fatalf("one stream too many is begun with %q", f.Raw)
		}
		if ids, version := present(t, s, "general"); ids != "" || version != 0 {
			t.Fatalf("there are %q, in version %d", ids, version)
		}
		s.Call("POST", "/rooms/general/typing", anns, "").Want(204)
		next := s.Post("general", ann, "two")
		for i, st := range quiet {
			for {
				f := st.NextFrame()
				if f.ID == next[0].ID.String() && f.Event == "" {
					break
				}
				if f.Event != "" && f.Event != "chat.live" {
					t.Errorf("stream %d without signals is told %q", i, f.Raw)
				}
			}
		}
	})
}

// A stream that has ended leaves nobody there and no lobby, and one that has lost a
// room leaves nobody there.
func TestStreamsThatHaveEnded_leaveNothing(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form, Chat: chat.Options{PresenceGrace: time.Millisecond}})
		_, anns := s.User("Ann")
		_, bobs := s.User("Bob")
		s.Call("POST", "/rooms", anns, `{"id":"general"}`).Want(201)
		s.Call("POST", "/rooms", anns, `{"id":"other"}`).Want(201)
		there := func(what, general, other string) {
			t.Helper()
			wiretest.Eventually(t, what, func() bool {
				a, va := present(t, s, "general")
				b, vb := present(t, s, "other")
				return a == general && b == other && (a == "") == (va == 0) && (b == "") == (vb == 0)
			})
		}
		for i := range 5 {
			st := s.Stream("/events?room=general&room=other", bobs)
			begin(t, st)
			if i > 0 { // else it ends in the midst of its beginning
				st.NextSignal("chat.presence")
			}
			st.Conn.Close()
		}
		there("nobody is there", "", "")
		for range 3 {
			st := s.Stream("/events?room=general&room=other", bobs)
			begin(t, st)
			st.Want("chat.live")
			there("Bob is there", "bob", "bob")
			s.Call("PUT", "/rooms/general/bans/bob", anns, "").Want(200)
			for f := st.Next(); f.Event != "chat.end"; f = st.Next() {
			}
			there("Bob is in one room", "", "bob")
			s.Call("DELETE", "/rooms/general/bans/bob", anns, "").Want(200)
			st.Conn.Close()
			there("Bob is nowhere", "", "")
		}
	})
}

// A reload within the grace time is no news to others: the next that they are told
// is of somebody else.
func TestAReload_showsNothing(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{PresenceGrace: time.Hour}})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	_, eves := s.User("Eve")
	s.Post("general", ann, "one")
	open := func(token string) *wiretest.Stream {
		st := s.Stream("/rooms/general/events", token)
		begin(t, st)
		st.NextSignal("chat.presence")
		return st
	}
	anns1 := open(anns)
	bob := s.Stream("/rooms/general/events", bobs)
	begin(t, bob)
	var whole struct{ Version uint64 }
	if err := json.Unmarshal([]byte(bob.NextSignal("chat.presence").Data), &whole); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		anns1.Conn.Close()
		anns1 = open(anns)
	}
	open(eves)
	f := bob.NextSignal("chat.presence")
	if !strings.HasPrefix(f.Data, fmt.Sprintf(`{"room":"general","version":%d,"from":%d,"count":3,"users":[{"id":"eve"`, whole.Version+1, whole.Version)) {
		t.Errorf("behind version %d, after some reloads, comes %s", whole.Version, f.Data)
	}
}
