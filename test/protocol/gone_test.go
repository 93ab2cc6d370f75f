package protocol_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// readings are the ways in which each route that reads is asked. {id} stands for
// a message.
var readings = map[string][]string{
	"/me":                                {""},
	"/rooms":                             {"", "?scope=mine", "?scope=public"},
	"/mentions":                          {"", "?before=latest"},
	"/me/events":                         {""},
	"/rooms/{room}/presence":             {""},
	"/rooms/{room}/receipts":             {""},
	"/rooms/{room}":                      {""},
	"/rooms/{room}/messages":             {"", "?after=earliest", "?before=latest", "?around={id}", "?before={id}", "?after={id}"},
	"/rooms/{room}/messages/{id}":        {"", "?history=1"},
	"/rooms/{room}/messages/{id}/thread": {"", "?after=earliest"},
	"/rooms/{room}/search":               {"?q=unutterable", "?q=e", "?q=hello"},
	"/rooms/{room}/log":                  {"", "?after={id}", "?wait=1ms"},
	"/rooms/{room}/events":               {"?after=earliest", "?after={id}", "?after=earliest&named=1"},
	"/events":                            {"?room={room}&room=other&after=earliest", "?room=other&room={room}&after={id}&named=1"},
}

// readingOps are the ways to read over a socket.
var readingOps = []string{
	`"op":"history","room":"{room}"`, `"op":"history","room":"{room}","around":"{id}"`, `"op":"history","room":"{room}","after":"earliest"`,
	`"op":"thread","room":"{room}","message":"{id}"`, `"op":"mentions"`,
	`"op":"search","room":"{room}","q":"unutterable"`, `"op":"search","room":"{room}","q":"e"`,
	`"op":"subscribe","room":"{room}","after":"earliest"`, `"op":"subscribe","room":"{room}","after":"{id}"`,
	`"op":"join","room":"other"`,
	`"op":"watch_rooms"`, `"op":"presence","room":"{room}"`, `"op":"read","room":"{room}","up_to":"{id}"`,
}

// readAll returns all that a user can read of a room, by what was asked.
func readAll(docs *schemas, srv *server, by chat.User, room string, ids ...string) map[string]string {
	srv.t.Helper()
	read := make(map[string]string)
	routes := 0
	for operation := range docs.operations() {
		method, route, _ := strings.Cut(operation, " ")
		if method != http.MethodGet || route == "/ws" {
			continue
		}
		if routes++; readings[route] == nil {
			srv.t.Errorf("%s is not read", operation)
		}
		for _, query := range readings[route] {
			for _, id := range ids {
				path := strings.NewReplacer("{room}", room, "{id}", id).Replace(route + query)
				if strings.HasSuffix(route, "/events") {
					read["GET "+path] = replayed(docs, srv, by, path)
					continue
				}
				_, body := srv.do(srv.request(by, "GET", path, ""))
				read["GET "+path] = string(body)
			}
		}
	}
	if routes != len(readings) {
		srv.t.Errorf("%d routes read, %d are known", routes, len(readings))
	}
	k, _ := docs.dial(srv, by)
	defer k.conn.Close()
	for _, op := range readingOps {
		for _, id := range ids {
			fields := strings.NewReplacer("{room}", room, "{id}", id).Replace(op)
			k.heard.Reset()
			answer, _ := k.ask(fields)
			if strings.Contains(op, `"subscribe"`) && answer.Error == nil {
				k.until(func(m message) bool { return m.Live != "" })
				k.signal("presence") // the last of the signals that come then
				k.ask(`"op":"unsubscribe","room":"` + room + `"`)
			}
			if strings.Contains(op, `"watch_rooms"`) {
				k.signal("rooms")
				k.ask(`"op":"unwatch_rooms"`)
			}
			read[fields] += k.heard.String()
		}
	}
	return read
}

// replayed reads a stream up to where it is live, and who is in its rooms then, or
// the refusal. Of a list of rooms it reads the list.
func replayed(docs *schemas, srv *server, by chat.User, path string) (text string) {
	srv.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(srv.request(by, "GET", path, ""))
	if err != nil {
		srv.t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		_, body := readAnswer(srv.t, resp)
		resp.Body.Close()
		return string(body)
	}
	st := docs.follow(resp)
	defer resp.Body.Close()
	rooms := 0 // whose presence is to come; a list has none
	for f, ok := st.any(); ok; f, ok = st.any() {
		text += f.text
		switch f.event {
		case "chat.hello":
			rooms = strings.Count(f.data, `"head":`)
		case "chat.presence":
			rooms--
		}
		if rooms == 0 && (f.event == "chat.presence" || f.event == "chat.rooms") {
			return text
		}
	}
	srv.t.Fatalf("%s ended after %s", path, text)
	return ""
}

// holding returns which of what was read holds a text, in any letter case.
func holding(read map[string]string, text string) []string {
	var where []string
	for _, name := range slices.Sorted(maps.Keys(read)) {
		if strings.Contains(strings.ToLower(read[name]), text) {
			where = append(where, name)
		}
	}
	return where
}

const unutterable = "unutterable"

// speak lets Ann say what will be deleted, edit it twice, and be answered. It
// returns the ids of what was said and of the answer.
func speak(srv *server, room string) (said, answer string) {
	srv.t.Helper()
	post := func(by chat.User, body string) string {
		resp, b := srv.do(srv.request(by, "POST", "/rooms/"+room+"/messages", body))
		if resp.StatusCode != 201 {
			srv.t.Fatalf("the post is answered %d %s", resp.StatusCode, b)
		}
		return eventID(srv.t, b)
	}
	first := post(bob, `{"text":"Hello."}`)
	said = post(ann, `{"text":"unutterable 1","reply_to":"`+first+`","mentions":["bob"],"attachments":[{"url":"unutterable.png"}],"meta":{"a":"unutterable"},"key":"u"}`)
	for _, text := range []string{"Unutterable 2", "UNUTTERABLE 3"} {
		resp, b := srv.do(srv.request(ann, "PATCH", "/rooms/"+room+"/messages/"+said, `{"text":"`+text+`","key":"`+text+`"}`))
		if resp.StatusCode != 200 {
			srv.t.Fatalf("the edit is answered %d %s", resp.StatusCode, b)
		}
	}
	return said, post(bob, `{"text":"Hello yourself.","reply_to":"`+said+`"}`)
}

// From the answer to a deletion on no read that begins returns the text, nor does
// a retry of what brought it.
func TestDelete_leavesNothingThatAnybodyReads(t *testing.T) {
	docs := loadSchemas(t)
	srv := serve(t, transport.Options{NoLimits: true}, nil)
	for _, by := range []chat.User{ann, bob} {
		for _, room := range []string{"general", "other"} {
			srv.do(srv.request(by, "POST", "/rooms/"+room+"/join", ""))
		}
	}
	said, answer := speak(srv, "general")
	if where := holding(readAll(docs, srv, bob, "general", said), unutterable); len(where) < 20 {
		t.Fatalf("before the deletion the text is only read by %q", where)
	}
	resp, body := srv.do(srv.request(ann, "DELETE", "/rooms/general/messages/"+said, ""))
	if resp.StatusCode != 200 {
		t.Fatalf("the deletion is answered %d %s", resp.StatusCode, body)
	}
	for _, by := range []chat.User{bob, ann} {
		if where := holding(readAll(docs, srv, by, "general", said, answer), unutterable); where != nil {
			t.Errorf("after the deletion %s reads the text by %q", by.ID, where)
		}
	}
	for _, retry := range []struct{ method, path, body string }{
		{"POST", "", `{"text":"unutterable 1","key":"u"}`},
		{"POST", "", `{"text":"something else","key":"u"}`}, // nothing is left to compare with
		{"PATCH", "/" + said, `{"text":"Unutterable 2","key":"Unutterable 2"}`},
	} {
		resp, body := srv.do(srv.request(ann, retry.method, "/rooms/general/messages"+retry.path, retry.body))
		docs.want("schemas/event.json", body)
		if resp.StatusCode != 200 || resp.Header.Get("Idempotent-Replayed") != "true" ||
			!strings.Contains(string(body), `"erased":true`) || strings.Contains(string(body), "tterable") {
			t.Errorf("the retry of %v is answered %d %s", retry, resp.StatusCode, body)
		}
	}
}

// The same for all that was in a room that is deleted, for those who were in it
// too. It is as if it had never been: the id can be taken again, and what was
// under it does not come back.
func TestDeletedRoom_leavesNothingThatAnybodyReads(t *testing.T) {
	docs := loadSchemas(t)
	srv := serve(t, transport.Options{NoLimits: true}, nil)
	create := func() *http.Response {
		resp, _ := srv.do(srv.request(ann, "POST", "/rooms", `{"id":"club","kind":"private","title":"unutterable","topic":"unutterable","members":["bob"]}`))
		return resp
	}
	create()
	for _, by := range []chat.User{ann, bob} {
		srv.do(srv.request(by, "POST", "/rooms/other/join", ""))
	}
	said, answer := speak(srv, "club")
	if where := holding(readAll(docs, srv, bob, "club", said), unutterable); len(where) < 20 {
		t.Fatalf("before the deletion the text is only read by %q", where)
	}
	srv.do(srv.request(ann, "DELETE", "/rooms/club", ""))
	for range 2 {
		for _, by := range []chat.User{bob, ann} {
			read := readAll(docs, srv, by, "club", said, answer)
			if where := holding(read, unutterable); where != nil {
				t.Errorf("after the deletion %s reads the text by %q", by.ID, where)
			}
			if where := holding(read, "hello yourself"); where != nil {
				t.Errorf("after the deletion %s reads the answer by %q", by.ID, where)
			}
		}
		resp, body := srv.do(srv.request(ann, "POST", "/rooms/club/messages", `{"text":"unutterable 1","key":"u"}`))
		if strings.Contains(string(body), `"unutterable 1"`) && resp.StatusCode == 200 {
			t.Errorf("a retry in the deleted room is answered %d %s", resp.StatusCode, body)
		}
		t.Logf("a retry in the deleted room is answered %d %s", resp.StatusCode, body)
		resp, body = srv.do(srv.request(ann, "POST", "/rooms", `{"id":"club"}`)) // the second round is of a new room
		t.Logf("created anew: %d %s", resp.StatusCode, body)
	}
}

// What is told of it live goes as well: the list of rooms has the deleted message
// as its newest, and no frame that is told behind the deletion has the text.
func TestDelete_goesFromTheListOfRooms(t *testing.T) {
	docs := loadSchemas(t)
	srv := serve(t, transport.Options{NoLimits: true}, nil)
	for _, by := range []chat.User{ann, bob} {
		srv.do(srv.request(by, "POST", "/rooms/general/join", ""))
	}
	list := docs.open(srv, "GET /me/events", "/me/events")
	k, _ := docs.dial(srv, ann)
	k.ask(`"op":"watch_rooms"`)
	_, body := srv.do(srv.request(bob, "POST", "/rooms/general/messages", `{"text":"unutterable","mentions":["ann"]}`))
	said := eventID(t, body)
	unread := func(f frame) bool { return strings.Contains(f.data, `"unread":1,"mentions":1,`) }
	for f := list.signal("chat.rooms"); !unread(f) || !strings.Contains(f.data, unutterable); f = list.signal("chat.rooms") {
	}
	k.until(func(m message) bool { return strings.Contains(m.text, unutterable) })
	if resp, body := srv.do(srv.request(bob, "DELETE", "/rooms/general/messages/"+said, "")); resp.StatusCode != 200 {
		t.Fatalf("the deletion is answered %d %s", resp.StatusCode, body)
	}
	f := list.signal("chat.rooms")
	if strings.Contains(f.data, unutterable) || !strings.Contains(f.data, `"deleted":true`) || !strings.Contains(f.data, `"unread":0,"mentions":0,`) {
		t.Errorf("after the deletion the list is %s", f.data)
	}
	if m := k.signal("rooms"); strings.Contains(m.text, unutterable) || !strings.Contains(m.text, `"deleted":true`) {
		t.Errorf("after the deletion the list on a socket is %s", m.text)
	}
}
