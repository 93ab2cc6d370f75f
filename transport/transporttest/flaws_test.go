package transporttest_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/transporttest"
)

// flaws are transports that are wrong, by what is wrong with them, and the
// obligations that must notice it, with a part of what they say.
var flaws = map[string]struct {
	flaw   flaw
	caught map[string]string
}{
	"begins at the cursor, and not behind it": {
		flaw{handler: asks(func(after string) string {
			id, ok := transport.ParseID(after)
			if !ok || id[15] == 0 {
				return after
			}
			id[15]--
			return id.String()
		})},
		map[string]string{"StartOrder": "and not", "NoSeam": "and not", "DrainedAnywhere": "and not"},
	},
	"loses what comes between the replay and live": {
		flaw{handler: func(_ testing.TB, _ http.Handler, gate *transport.Gate) http.Handler {
			return &seamed{newLineHandler(gate.Chat(), anybody, gate.Options())}
		}},
		map[string]string{"NoSeam": "waiting for event", "Removal": "comes", "Deletion": "behind the deletion comes", "JoinedVisibility": "and not"},
	},
	"forgets the event that takes a room away": {
		flaw{lines: drops(func(line []byte) bool { return bytes.Contains(line, []byte(`"type":"UserLeft"`)) })},
		map[string]string{"Removal": "instead of"},
	},
	"sends one event more": {
		flaw{lines: func() func([]byte, func([]byte)) {
			var last []byte
			return func(line []byte, send func([]byte)) {
				if id, _ := idOf(line); id != (chat.ID{}) {
					last = bytes.Clone(line)
				}
				if is(transporttest.End, line) && last != nil {
					send(last)
				}
				send(line)
			}
		}},
		map[string]string{"Removal": "comes after"},
	},
	"says twice that it is live": {
		flaw{lines: func() func([]byte, func([]byte)) {
			return func(line []byte, send func([]byte)) {
				send(line)
				if is(transporttest.Live, line) {
					send(line)
				}
			}
		}},
		map[string]string{"StartOrder": "comes again"},
	},
	"says that it is live before the replay": {
		flaw{lines: func() func([]byte, func([]byte)) {
			return func(line []byte, send func([]byte)) {
				if !is(transporttest.Live, line) {
					send(line)
				}
				if is(transporttest.Hello, line) {
					send([]byte(`{"live":"00000000000000000000000000"}` + "\n"))
				}
			}
		}},
		map[string]string{"StartOrder": "live comes instead of event", "LiveCursor": "instead"},
	},
	"forgets the reset": {
		flaw{lines: drops(func(line []byte) bool { return is(transporttest.Reset, line) })},
		map[string]string{"Verdicts": "live comes instead of reset", "ExpiredCursor": "live comes instead of reset", "Overtaken": "comes again"},
	},
	"ends a reader that retention overtakes": {
		flaw{lines: func() func([]byte, func([]byte)) {
			live := false
			over := false
			return func(line []byte, send func([]byte)) {
				live = live || is(transporttest.Live, line)
				over = over || live && is(transporttest.Reset, line)
				if !over {
					send(line)
				}
			}
		}},
		map[string]string{"Overtaken": "waiting for a reset"},
	},
	"refuses what is no cursor": {
		flaw{handler: refuses(func(_ *transport.Gate, r *http.Request) error {
			_, err := transport.RequestCursor(r).Position()
			return err
		})},
		map[string]string{"Verdicts": "invalid_cursor", "StartOrder": "invalid_cursor"},
	},
	"knows cursors in upper case only": {
		flaw{handler: asks(func(after string) string {
			if after != strings.ToUpper(after) && len(after) == 26 {
				return "unknown"
			}
			return after
		})},
		map[string]string{"Verdicts": "hello reset, not resumed"},
	},
	"does not look at the store": {
		flaw{handler: func(_ testing.TB, sound http.Handler, _ *transport.Gate) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query := r.URL.Query()
				query.Del("store")
				r.URL.RawQuery = query.Encode()
				sound.ServeHTTP(w, r)
			})
		}},
		map[string]string{"Verdicts": "not reset"},
	},
	"tells events apart by their time": {
		flaw{lines: func() func([]byte, func([]byte)) {
			var last uint64
			return func(line []byte, send func([]byte)) {
				if is(transporttest.Event, line) {
					id, _ := idOf(line)
					if id.Time() == last {
						return
					}
					last = id.Time()
				}
				send(line)
			}
		}},
		map[string]string{"ManyReaders": "a reader, after", "NoSeam": "and not"},
	},
	"encodes events anew": {
		flaw{lines: func() func([]byte, func([]byte)) {
			return func(line []byte, send func([]byte)) {
				if is(transporttest.Event, line) {
					var v any
					_ = json.Unmarshal(line, &v)
					line, _ = json.Marshal(v)
					line = append(line, '\n')
				}
				send(line)
			}
		}},
		map[string]string{"SameBytes": "and not"},
	},
	"leaves long lines out": {
		flaw{lines: drops(func(line []byte) bool { return len(line) > 32<<10 })},
		map[string]string{"LargeEvents": "small"},
	},
	"serves lines that it has kept": {
		flaw{lines: func() func() func([]byte, func([]byte)) {
			var mu sync.Mutex
			kept := map[chat.ID][]byte{}
			return func() func([]byte, func([]byte)) {
				return func(line []byte, send func([]byte)) {
					if id, _ := idOf(line); id != (chat.ID{}) {
						mu.Lock()
						defer mu.Unlock()
						if kept[id] == nil {
							kept[id] = bytes.Clone(line)
						}
						line = kept[id]
					}
					send(line)
				}
			}
		}()},
		map[string]string{"Erased": "the secret"},
	},
	"replays one room after the other": {
		flaw{lines: func() func([]byte, func([]byte)) {
			var replay [][]byte
			live := false
			return func(line []byte, send func([]byte)) {
				if !live && is(transporttest.Event, line) {
					replay = append(replay, bytes.Clone(line))
					return
				}
				live = live || is(transporttest.Live, line)
				slices.SortStableFunc(replay, func(a, b []byte) int {
					_, roomA := idOf(a)
					_, roomB := idOf(b)
					return cmp.Compare(roomA, roomB)
				})
				for _, line := range replay {
					send(line)
				}
				replay = nil
				send(line)
			}
		}},
		map[string]string{"SeveralRooms": "and not"},
	},
	"ends all rooms with one": {
		flaw{lines: func() func([]byte, func([]byte)) {
			over := false
			return func(line []byte, send func([]byte)) {
				if !over {
					send(line)
				}
				over = over || is(transporttest.End, line)
			}
		}},
		map[string]string{"SeveralRooms": "waiting for event"},
	},
	"sends one signal more": {
		flaw{lines: func() func([]byte, func([]byte)) {
			var last []byte
			return func(line []byte, send func([]byte)) {
				if is(transporttest.Signal, line) {
					last = bytes.Clone(line)
				}
				if is(transporttest.End, line) && last != nil {
					send(last)
				}
				send(line)
			}
		}},
		map[string]string{"SignalsOfTheRemoved": "of a room that was taken away comes"},
	},
	"tells signals before live": {
		flaw{lines: func() func([]byte, func([]byte)) {
			var live []byte
			return func(line []byte, send func([]byte)) {
				if is(transporttest.Live, line) {
					live = bytes.Clone(line)
					return
				}
				send(line)
				if is(transporttest.Signal, line) && live != nil {
					send(live)
					live = nil
				}
			}
		}},
		map[string]string{"Signals": "comes before live"},
	},
	"queues signals": {
		flaw{handler: queuesSignals},
		map[string]string{"SignalsOfTheLate": "while the reader took nothing it is told"},
	},
	"tells changes of what it has not told": {
		flaw{lines: drops(func(line []byte) bool {
			return bytes.Contains(line, []byte(`"name":"presence"`)) && !bytes.Contains(line, []byte(`"from"`))
		})},
		map[string]string{"Signals": "comes before it is told who is there"},
	},
	"lets signals move the cursor": {
		flaw{lines: func() func([]byte, func([]byte)) {
			return func(line []byte, send func([]byte)) {
				if is(transporttest.Signal, line) {
					line = bytes.Replace(line, []byte(`{"signal":{`), []byte(`{"signal":{"cursor":"01K6ABCDEFGHJKMNPQRSTVWXYZ",`), 1)
				}
				send(line)
			}
		}},
		map[string]string{"SignalsMoveNoCursor": "has a cursor"},
	},
	"tells no signals": {
		flaw{lines: drops(func(line []byte) bool { return is(transporttest.Signal, line) })},
		map[string]string{"Signals": "waiting for the signal read", "Departure": "waiting for the signal typing"},
	},
	"keeps a reader that has ended present": {
		flaw{handler: func(_ testing.TB, sound http.Handler, gate *transport.Gate) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if grant, err := gate.Authenticate(r); err == nil {
					gate.Chat().Room(r.URL.Query().Get("room")).Attend(grant.User, chat.NewBell()) // and not closed
				}
				sound.ServeHTTP(w, r)
			})
		}},
		map[string]string{"Departure": "waiting for the signal typing"},
	},
	"has no heartbeat": {
		flaw{lines: drops(func(line []byte) bool { return is(transporttest.Ping, line) })},
		map[string]string{"Heartbeat": "where nothing is written"},
	},
	"asks May at the start only": {
		flaw{auth: grants(func(g *transport.Grant) {
			if g.May == nil {
				return
			}
			may, mu, said := g.May, new(sync.Mutex), map[string]error{}
			g.May = func(action transport.Action, room string) error {
				mu.Lock()
				defer mu.Unlock()
				err, ok := said[room]
				if !ok {
					err = may(action, room)
					said[room] = err
				}
				return err
			}
		})},
		map[string]string{"Refused": "waiting for end: nothing but pings", "SeveralRooms": "waiting for end"},
	},
	"does not know when a grant ends": {
		flaw{auth: grants(func(g *transport.Grant) { g.Expires = time.Time{} })},
		map[string]string{"Expiry": "waiting for end", "Release": "waiting for a frame"},
	},
	"ends without a word": {
		flaw{lines: drops(func(line []byte) bool { return is(transporttest.End, line) })},
		map[string]string{"Drain": "waiting for end: EOF", "DrainedAnywhere": "drained: EOF", "Expiry": "waiting for end: EOF", "Refused": "waiting for end: EOF"},
	},
	"drains by cutting connections": {
		flaw{drain: func(cut func(), sound func() error) error {
			cut()
			return sound()
		}},
		map[string]string{"Drain": "unexpected EOF", "DrainedAnywhere": "unexpected EOF"},
	},
	"does not drain": {
		flaw{drain: func(func(), func() error) error { return nil }},
		map[string]string{"Drain": "who comes after the drain"},
	},
	"drops what does not fit its queue": {
		flaw{writer: newQueue},
		map[string]string{"SlowReader": "slow: after"},
	},
	"gives all writes together one timeout": {
		flaw{writer: func(w http.ResponseWriter) writer {
			return &deadlines{ResponseWriter: w, set: func(first bool, _ time.Time) bool { return first }}
		}},
		map[string]string{"SlowReader": "unexpected EOF"},
	},
	"waits for a frozen reader for good": {
		flaw{writer: func(w http.ResponseWriter) writer {
			return &deadlines{ResponseWriter: w, set: func(bool, time.Time) bool { return false }}
		}},
		map[string]string{"FrozenReader": "the place of frozen"},
	},
	"writes to all under one lock": {
		flaw{writer: func() func(http.ResponseWriter) writer {
			all := new(sync.Mutex)
			return func(w http.ResponseWriter) writer { return &locked{ResponseWriter: w, all: all} }
		}()},
		map[string]string{"FrozenReader": "beside a frozen one"},
	},
	"has no limit": {
		flaw{options: func(o *transport.Options) { o.NoLimits = true }},
		map[string]string{"TooMany": `is told ""`},
	},
	"keeps the place of a reader that has ended": {
		flaw{handler: func(_ testing.TB, sound http.Handler, gate *transport.Gate) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sound.ServeHTTP(w, r)
				if grant, err := gate.Authenticate(r); err == nil {
					_, _ = gate.Connect(&grant) // and not released
				}
			})
		}},
		map[string]string{"Release": "comes free"},
	},
	"keeps a goroutine of a reader that has ended": {
		flaw{handler: func(t testing.TB, sound http.Handler, _ *transport.Gate) http.Handler {
			end := make(chan struct{})
			t.Cleanup(func() { close(end) })
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				go func() { <-end }()
				sound.ServeHTTP(w, r)
			})
		}},
		map[string]string{"Release": "goroutines are left"},
	},
	"lets in who is not known": {
		flaw{auth: func(auth transport.Auth) transport.Auth {
			return func(r *http.Request) (transport.Grant, error) {
				g, err := auth(r)
				if err != nil {
					return transport.Grant{User: chat.User{ID: "nobody", Name: "Nobody"}}, nil
				}
				return g, nil
			}
		}},
		map[string]string{"Unauthenticated": "is not refused"},
	},
	"looks for the room before it asks who it is": {
		flaw{handler: refuses(func(gate *transport.Gate, r *http.Request) error {
			_, err := gate.Chat().Room(r.URL.Query().Get("room")).Info(r.Context(), "")
			return err
		})},
		map[string]string{"Unauthenticated": "room_not_found"},
	},
	"lets in where the Auth panics": {
		flaw{auth: func(auth transport.Auth) transport.Auth {
			return func(r *http.Request) (g transport.Grant, err error) {
				defer func() {
					if recover() != nil {
						g = transport.Grant{User: chat.User{ID: "nobody", Name: "Nobody"}}
					}
				}()
				return auth(r)
			}
		}},
		map[string]string{"Unauthenticated": `as "ann" is not refused`},
	},
	"tells a room that cannot be from one that is not there": {
		flaw{handler: refuses(func(gate *transport.Gate, r *http.Request) error {
			_, err := gate.Chat().Room(r.URL.Query().Get("room")).Info(r.Context(), "")
			if errors.Is(err, chat.ErrInvalidRoomID) {
				return err
			}
			return nil
		})},
		map[string]string{"MissingRoom": "invalid_room_id"},
	},
	"tells a hidden room from one that is not there": {
		flaw{auth: grants(func(g *transport.Grant) {
			if may := g.May; may != nil {
				g.May = func(action transport.Action, room string) error {
					if may(action, room) != nil {
						return chat.ErrForbidden
					}
					return nil
				}
			}
		})},
		map[string]string{"HiddenRoom": "forbidden"},
	},
}
