package protocol_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

var update = flag.Bool("update", false, "write the golden files anew")

const golden = "../../transport/testdata/golden"

// normalise gives what differs from run to run names: ids in the order in which
// they come, the store, the time to come back after.
func normalise(text string) string {
	names := map[string]string{"00000000000000000000000000": "00000000000000000000000000"}
	text = regexp.MustCompile(`\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b`).ReplaceAllStringFunc(text, func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprintf("<id %d>", len(names))
		}
		return names[id]
	})
	text = regexp.MustCompile(`"store":"[0-9a-f]{32}"`).ReplaceAllString(text, `"store":"<store>"`)
	return regexp.MustCompile(`(?m)^retry: [1-4]\d{3}$`).ReplaceAllString(text, "retry: <1000 to 4999>")
}

// wantGolden compares a text with a file, or writes it.
func wantGolden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(golden, name)
	text = normalise(text)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s is\n%s\nnot\n%s", name, text, want)
	}
}

func texts(frames []frame) string {
	var b strings.Builder
	for _, f := range frames {
		b.WriteString(f.text + "\n")
	}
	return b.String()
}

func TestGolden_streams(t *testing.T) {
	s := loadSchemas(t)
	srv := serve(t, transport.Options{}, nil)
	talk(t, srv.chat, "general")
	talk(t, srv.chat, "other")

	one := s.open(srv, "GET /rooms/{room}/events", "/rooms/general/events", "Last-Event-ID", "earliest")
	got := one.until("chat.live")
	many := s.open(srv, "GET /events", "/events?room=general&room=none&named=1&after=x")
	gotMany := many.until("chat.live")
	if _, err := srv.chat.Room("general").Do(t.Context(), chat.Command{User: ann, Key: "k", Fact: chat.MessagePosted{Text: "<live> & \"well\"\n😀"}}); err != nil {
		t.Fatal(err)
	}
	f, _ := one.next()
	got = append(got, f)
	gotMany = append(gotMany, many.until("MessagePosted")...)
	srv.chat.Drain()
	wantGolden(t, "sse-one-room.txt", texts(append(got, one.until("chat.end")...)))
	wantGolden(t, "sse-several-rooms.txt", texts(append(gotMany, many.until("chat.end")...)))
}

func TestGolden_socket(t *testing.T) {
	s := loadSchemas(t)
	srv := serve(t, transport.Options{}, nil)
	talk(t, srv.chat, "general")
	k, hello := s.dial(srv, ann)
	var b strings.Builder
	fmt.Fprintf(&b, "S %s\n", hello.text)
	// step writes what the client asks and is answered and then, whatever the
	// order in which they came, the frames of the room.
	step := func(fields string, frames int) {
		t.Helper()
		answer, room := k.ask(fields)
		for len(room) < frames {
			room = append(room, k.next())
		}
		fmt.Fprintf(&b, "C {\"id\":\"1\",%s}\nS %s\n", fields, answer.text)
		for _, m := range room {
			fmt.Fprintf(&b, "S %s\n", m.text)
		}
	}
	step(`"op":"subscribe","room":"general","after":"earliest"`, 2)
	step(`"op":"post","room":"general","key":"k","text":"<live> & \"well\"\n😀","meta":{"a": [1, 2]}`, 1)
	step(`"op":"post","room":"general","key":"k","text":"<live> & \"well\"\n😀","meta":{"a": [1, 2]}`, 0)
	step(`"op":"post","room":"general","text":" "`, 0)
	step(`"op":"leave","room":"general"`, 1)
	step(`"op":"leave","room":"general"`, 0)
	step(`"op":"join","room":"general"`, 1)
	step(`"op":"history","room":"general","limit":2`, 0)
	step(`"op":"unsubscribe","room":"general"`, 0)
	step(`"op":"subscribe","room":"general","after":"x"`, 2)
	step(`"op":"ping"`, 0)
	wantGolden(t, "ws.txt", b.String())
}

// A third way to read: page by page, with a call that waits for what comes. The
// events are the same bytes as on a stream and on a socket.
func TestGolden_log(t *testing.T) {
	s := loadSchemas(t)
	srv := serve(t, transport.Options{}, nil)
	talk(t, srv.chat, "general")
	page := func(query string) (next, text string) {
		t.Helper()
		resp, body := srv.do(srv.request(ann, "GET", "/rooms/general/log?"+query, ""))
		s.wantAnswer("GET /rooms/{room}/log", resp, body)
		var p struct{ Next string }
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatal(err)
		}
		return p.Next, "GET /rooms/general/log?" + query + "\n" + string(body) + "\n"
	}
	next, all := page("limit=3")
	for _, query := range []string{"limit=1000&after=", "wait=1ms&after=", "after="} {
		var text string
		next, text = page(query + next)
		all += text
	}
	post := chat.Command{User: ann, Key: "k", Fact: chat.MessagePosted{Text: "<live> & \"well\"\n😀"}}
	waits := make(chan string)
	go func() {
		_, text := page("wait=20s&after=" + next)
		waits <- text
	}()
	if _, err := srv.chat.Room("general").Do(t.Context(), post); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "log.txt", all+<-waits)
}

var storedEvent = regexp.MustCompile(`\{"id":"[^"]*","room":"general","type":"[^{]*\{[^{}]*\}(?:,"key":"[^"]*")?(?:,"erased":true)?,"data":\{(?:[^{}]|\{[^{}]*\})*\}\}`)

// What all transports have in common, the stored events of one and the same
// talk, is the same in all golden files, but for the names of ids.
func TestGolden_eventsAreTheSameOnEveryTransport(t *testing.T) {
	var first []string
	for _, name := range []string{"sse-one-room.txt", "ws.txt", "log.txt"} {
		text, err := os.ReadFile(filepath.Join(golden, name))
		if err != nil {
			t.Fatal(err)
		}
		var events []string
		for _, event := range storedEvent.FindAllString(string(text), -1) {
			events = append(events, regexp.MustCompile(`<id \d+>`).ReplaceAllString(event, "<id>"))
		}
		if len(events) < 9 {
			t.Fatalf("%s has %d events", name, len(events))
		}
		if first == nil {
			first = events[:8]
		} else if !slices.Equal(events[:8], first) {
			t.Errorf("%s has the events\n%q\nnot\n%q", name, events[:8], first)
		}
	}
}
