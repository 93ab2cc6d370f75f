// Package kick removes users from rooms in the midst of bursts of messages, and
// looks at what reaches them. The quick form runs with go test; the long one with
//
//	go test ./kick -rounds 1000 -timeout 2h
package kick_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/roomlog/chat"
)

var rounds = flag.Int("rounds", 60, "how often each user is removed, on each transport, live and on replay")

// burst is how many messages are given at the same time as the removal.
const burst = 100

// removals are the ways to lose a room, by the type of the fact that says so.
var removals = []struct {
	name   string
	public bool // bob is a stranger in a public room
	fact   chat.Fact
}{
	{"removed", false, chat.UserLeft{Member: bob}},
	{"banned", false, chat.UserBanned{Member: bob}},
	{"banned stranger", true, chat.UserBanned{Member: bob}},
	{"made private", true, chat.RoomChanged{RoomKind: chat.Private}},
	{"deleted", false, chat.RoomDeleted{}},
}

var (
	ann = chat.User{ID: "ann", Name: "Ann"}
	bob = chat.User{ID: "bob", Name: "Bob"}
	cid = chat.User{ID: "cid", Name: "Cid"}
	dan = chat.User{ID: "dan", Name: "Dan"} // writes, and reads nothing
)

// Seen to fail with Feed.again not asking, with Feed.take cutting one event
// later, and with Feed.unknown always false, so that only heartbeats ask. For
// signals with Feed.reached not looking whether an event is left to be judged.
func TestRemoval_isTheLastThatTheRemovedSee(t *testing.T) {
	for _, transport := range []string{"sse", "ws"} {
		for _, mode := range []string{"live", "replay"} {
			for _, r := range removals {
				t.Run(transport+"/"+mode+"/"+r.name, func(t *testing.T) {
					t.Parallel()
					s := newServer(t)
					for i := range *rounds {
						round(t, s, transport, mode, fmt.Sprint("room", i), r.public, r.fact)
						if t.Failed() {
							t.Fatalf("in round %d", i+1)
						}
					}
				})
			}
		}
	}
}

func round(t *testing.T, s *server, transport, mode, name string, public bool, removal chat.Fact) {
	room := s.chat.Room(name)
	kind, members := chat.Private, []chat.User{bob, cid, dan}
	if public {
		kind, members = chat.Public, []chat.User{cid, dan}
	}
	must(t, room, chat.RoomCreated{RoomKind: kind, Members: members, Receipts: true})
	post(t, room, 3)
	began := s.chat.Head().String()
	if mode == "replay" {
		post(t, room, 300) // two pages, and a part of the third
	}
	removed, stays := s.open(t, transport, bob, name, began), s.open(t, transport, cid, name, began)
	defer removed.close()
	defer stays.close()
	if mode == "live" {
		removed.untilLive(t)
		stays.untilLive(t)
		tell(t, room, ann, "x.before")
		removed.untilSignal(t, "x.before")
	}

	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range burst {
		all.Go(func() {
			<-start
			_, err := room.Do(context.Background(), chat.Command{User: ann, MustExist: true, Fact: chat.MessagePosted{Text: fmt.Sprint("burst ", i)}})
			if err != nil && removal.Kind() != "RoomDeleted" {
				t.Error(err)
			}
		})
		if i == burst/2 {
			all.Go(func() {
				<-start
				must(t, room, removal)
				if removal.Kind() != "RoomDeleted" { // then nobody is told anything
					after(t, room, name)
				}
			})
		}
	}
	if mode == "live" {
		all.Go(func() { removed.untilEnd(t) })
	}
	close(start)
	if mode == "replay" {
		removed.untilEnd(t) // reads while all is written
	}
	all.Wait()
	removed.wantRefused(t)
	for _, s := range removed.signals {
		if strings.Contains(s, "x.after") || strings.Contains(s, dan.ID) {
			t.Errorf("the removed one is told what came after: %s", s)
		}
	}
	if removal.Kind() == "RoomDeleted" {
		stays.untilEnd(t)
		for _, r := range []*reader{removed, stays} {
			if i := r.find("RoomDeleted"); i >= 0 && i != len(r.events)-1 {
				t.Errorf("%s: %d events come behind the deletion", r.user, len(r.events)-1-i)
			}
		}
		return
	}
	last := post(t, room, 1)
	stays.until(t, last)
	stays.untilSignal(t, "x.after")
	log := s.log(t, name, began)
	same(t, "who stays", stays.events, log)
	for i, e := range log {
		if e.Type == "UserLeft" && !public || public && (e.Type == "UserBanned" || e.Type == "RoomChanged") {
			same(t, "the removed one", removed.events, log[:i+1])
			return
		}
	}
	t.Error("the removal is not in the log")
}

// tell says something of the kind to all in the room.
func tell(t *testing.T, room *chat.Room, by chat.User, kind string) {
	t.Helper()
	if err := room.Signal(context.Background(), by, kind, json.RawMessage("1")); err != nil {
		t.Errorf("%s: %v", kind, err)
	}
}

// after is what goes on in a room once somebody has lost it: Ann has something to
// tell, Dan comes, types, goes, and in some rooms has read all.
func after(t *testing.T, room *chat.Room, name string) {
	t.Helper()
	tell(t, room, ann, "x.after")
	room.Attend(dan, chat.NewBell()).Close()
	err := room.Typing(context.Background(), dan)
	if err == nil && strings.HasSuffix(name, "0") { // it takes its time
		_, err = room.MarkRead(context.Background(), dan.ID, chat.End)
	}
	if err != nil {
		t.Error(err)
	}
}

// event is what is looked at of an event.
type event struct{ ID, Type string }

func same(t *testing.T, who string, got, want []event) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s: event %d is %v, not %v", who, i, got[i], want[i])
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d events of %d", who, len(got), len(want))
	}
}

func must(t *testing.T, room *chat.Room, f chat.Fact) string {
	t.Helper()
	res, err := room.Do(context.Background(), chat.Command{User: ann, Fact: f})
	if err != nil || !res.Changed {
		t.Errorf("%s: changed: %t, %v", f.Kind(), res.Changed, err)
	}
	return res.Event.ID.String()
}

// post posts messages at once, and returns the id of one of them.
func post(t *testing.T, room *chat.Room, n int) (id string) {
	t.Helper()
	var all sync.WaitGroup
	ids := make([]string, n)
	for i := range n {
		all.Go(func() { ids[i] = must(t, room, chat.MessagePosted{Text: fmt.Sprint(i)}) })
	}
	all.Wait()
	return ids[n-1]
}

// log returns what is stored of a room behind a cursor, as the host sees it.
func (s *server) log(t *testing.T, room, after string) (log []event) {
	t.Helper()
	for e, err := range s.chat.Room(room).Replay(context.Background(), chat.Start) {
		if err != nil {
			t.Fatal(err)
		}
		if e.ID.String() > after {
			log = append(log, event{e.ID.String(), e.Type})
		}
	}
	return log
}

func decode(t *testing.T, data []byte) (e event) {
	t.Helper()
	if err := json.Unmarshal(data, &e); err != nil {
		t.Errorf("%s: %v", data, err)
	}
	return e
}
