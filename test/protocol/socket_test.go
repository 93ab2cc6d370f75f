package protocol_test

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// socket is a client of a WebSocket that checks all that it sends and reads.
type socket struct {
	s     *schemas
	conn  net.Conn
	heard strings.Builder // all that was read
}

// message is a text frame from the server.
type message struct {
	Re     *string
	OK     json.RawMessage
	Error  *transport.Problem
	Hello  json.RawMessage
	Events []json.RawMessage
	Live   string
	Reset  json.RawMessage
	End    json.RawMessage
	Room   string
	Signal string
	Data   json.RawMessage
	text   string
}

// dial opens a socket and reads its hello.
func (s *schemas) dial(srv *server, by chat.User) (*socket, message) {
	s.t.Helper()
	d := ws.Dialer{
		Timeout:   patience,
		Protocols: []string{"chat.v1.json"},
		Header:    ws.HandshakeHeaderHTTP(http.Header{"Authorization": {"Bearer " + srv.token(by)}}),
	}
	conn, in, _, err := d.Dial(s.t.Context(), "ws"+strings.TrimPrefix(srv.url, "http")+"/ws")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	if in != nil {
		conn = &ahead{Conn: conn, in: in}
	}
	k := &socket{s: s, conn: conn}
	hello := k.next()
	if hello.Hello == nil {
		s.t.Fatalf("the first frame is %s", hello.text)
	}
	return k, hello
}

// ahead is a connection of which something was read with the handshake.
type ahead struct {
	net.Conn
	in *bufio.Reader
}

func (a *ahead) Read(b []byte) (int, error) { return a.in.Read(b) }

// next reads the next frame that is not a signal, which come when they come.
func (k *socket) next() message {
	k.s.t.Helper()
	return k.until(func(m message) bool { return m.Signal == "" })
}

// signal reads up to the next signal of that name.
func (k *socket) signal(name string) message {
	k.s.t.Helper()
	return k.until(func(m message) bool { return m.Signal == name })
}

// any reads the next frame, whatever it is.
func (k *socket) any() message {
	k.s.t.Helper()
	text, err := wsutil.ReadServerText(k.conn)
	if err != nil {
		k.s.t.Fatal(err)
	}
	k.s.want("schemas/ws-server.json", text)
	k.heard.Write(text)
	m := message{text: string(text)}
	if err := json.Unmarshal(text, &m); err != nil {
		k.s.t.Fatal(err)
	}
	if m.Error != nil && (k.s.codes()[m.Error.Code] != m.Error.Status || m.Error.Type != "urn:chat:problem:"+m.Error.Code) {
		k.s.t.Errorf("the problem is %s", text)
	}
	return m
}

func (k *socket) send(text string) {
	k.s.t.Helper()
	if err := wsutil.WriteClientText(k.conn, []byte(text)); err != nil {
		k.s.t.Fatal(err)
	}
}

// ask sends a request without its id and returns the answer, and what came
// before it.
func (k *socket) ask(fields string) (answer message, before []message) {
	k.s.t.Helper()
	text := `{"id":"1",` + fields + `}`
	k.send(text)
	for {
		m := k.next()
		if m.Re == nil && m.Error == nil {
			before = append(before, m)
			continue
		}
		valid := k.s.check("schemas/ws-client.json", []byte(text))
		if m.Error != nil {
			if invalid := m.Error.Code == "invalid_field"; invalid != (valid != nil) {
				k.s.t.Errorf("%s is answered %s, the schema says %v", text, m.Error.Code, valid)
			}
			return m, before
		}
		var request struct{ Op string }
		if err := json.Unmarshal([]byte(text), &request); err != nil || valid != nil {
			k.s.t.Errorf("%s is carried out, the schema says %v", text, valid)
		}
		k.s.want("schemas/ws-server.json#/$defs/ok_"+request.Op, m.OK)
		return m, before
	}
}

// until reads up to a frame that is as it is wanted.
func (k *socket) until(wanted func(message) bool) message {
	k.s.t.Helper()
	for {
		if m := k.any(); wanted(m) {
			return m
		}
	}
}

func TestSocket_saysWhatTheSchemasSay(t *testing.T) {
	s := loadSchemas(t)
	var refuse atomic.Bool
	srv := serve(t, transport.Options{Heartbeat: 50 * time.Millisecond, IdleTimeout: patience}, func(_ transport.Action, room string) error {
		if refuse.Load() && room == "a" {
			return chat.ErrRoomNotFound
		}
		return nil
	})
	talk(t, srv.chat, "a")
	e, err := srv.chat.Room("a").Post(t.Context(), ann, "mine")
	if err != nil {
		t.Fatal(err)
	}
	id := e.ID.String()
	k, _ := s.dial(srv, ann)
	done := make(map[string]bool)
	for _, test := range []struct{ op, fields, code string }{
		{"ping", ``, ""},
		{"auth", `,"token":"` + srv.token(ann) + `"`, ""},
		{"auth", `,"token":"x"`, "unauthenticated"},
		{"auth", `,"token":"` + srv.token(bob) + `"`, "forbidden"},
		{"auth", ``, "invalid_field"},
		{"subscribe", `,"room":"a","after":"earliest"`, ""},
		{"subscribe", `,"room":"a"`, "already_subscribed"},
		{"subscribe", `,"room":"none"`, "room_not_found"},
		{"join", `,"room":"b","key":"j"`, ""},
		{"join", `,"room":"b","key":"j"`, ""},
		{"join", `,"room":"b"`, ""},
		{"join", `,"room":"-"`, "invalid_room_id"},
		{"subscribe", `,"room":"b","after":"x","store":"x"`, ""},
		{"unsubscribe", `,"room":"b"`, ""},
		{"unsubscribe", `,"room":"b"`, ""},
		{"leave", `,"room":"b"`, ""},
		{"leave", `,"room":"b"`, ""},
		{"post", `,"room":"a","text":"one","kind":"note","meta":[1],"key":"k"`, ""},
		{"post", `,"room":"a","text":"one","kind":"note","meta":[1],"key":"k"`, ""},
		{"post", `,"room":"a","text":"two","key":"k"`, "idempotency_key_reused"},
		{"post", `,"room":"a","text":" "`, "empty_message"},
		{"post", `,"room":"a","text":"one","thread":5`, "invalid_field"},
		{"post", `,"room":"a","text":1`, "invalid_field"},
		{"edit", `,"room":"a","message":"` + id + `","text":"hers"`, ""},
		{"edit", `,"room":"a","message":"` + id + `","text":"hers"`, ""},
		{"react", `,"room":"a","message":"` + id + `","emoji":"x"`, ""},
		{"react", `,"room":"a","message":"` + strings.ToLower(id) + `","emoji":"x"`, ""},
		{"react", `,"room":"a","message":"` + id + `","emoji":".."`, "invalid_reaction"},
		{"history", `,"room":"a","limit":null`, ""},
		{"history", `,"room":"a","around":"` + id + `","limit":1`, ""},
		{"history", `,"room":"a","limit":0`, "invalid_field"},
		{"unreact", `,"room":"a","message":"` + id + `","emoji":"x"`, ""},
		{"delete", `,"room":"a","message":"` + id + `"`, ""},
		{"delete", `,"room":"a","message":"` + id + `"`, ""},
		{"edit", `,"room":"a","message":"` + id + `","text":"x"`, "message_deleted"},
		{"create", `,"room":"club","kind":"private","title":"Club","members":["bob",{"id":"eve","name":"Eve"}],"key":"c"`, ""},
		{"create", `,"room":"club","kind":"private","title":"Club","key":"c"`, ""},
		{"create", `,"room":"club"`, "room_exists"},
		{"create", ``, ""},
		{"create", `,"kind":"direct","members":["bob"]`, ""},
		{"create", `,"kind":"direct","members":["bob"]`, ""},
		{"create", `,"name":"x","room":"x"`, "invalid_field"},
		{"create", `,"room":"x","kind":"secret"`, "invalid_field"},
		{"change", `,"room":"club","topic":"x","slow_mode_s":60,"history":"joined","meta":[1],"key":"p"`, ""},
		{"change", `,"room":"club","topic":"x","key":"p"`, ""},
		{"change", `,"room":"club","topic":"x"`, ""},
		{"change", `,"room":"club"`, "invalid_field"},
		{"change", `,"room":"none","topic":"x"`, "room_not_found"},
		{"member", `,"room":"club","member":"dan","name":"Dan"`, ""},
		{"member", `,"room":"club","member":"dan","role":"admin"`, ""},
		{"member", `,"room":"club","member":"dan","role":"admin"`, ""},
		{"member", `,"room":"club","member":"dan","role":"boss"`, "invalid_field"},
		{"member", `,"room":"club","member":"dan","role":"admin","ban":true`, "invalid_field"},
		{"member", `,"room":"club","member":"dan","role":"none"`, ""},
		{"member", `,"room":"club","member":"eve","role":"none","ban":true`, ""},
		{"member", `,"room":"club","member":"` + ann.ID + `","role":"none"`, "forbidden_last_owner"},
		{"member", `,"room":"club"`, "invalid_field"},
		{"ban", `,"room":"club","member":"dan","until":"2026-01-03T00:00:00Z"`, ""},
		{"ban", `,"room":"club","member":"dan","until":"2026-01-03T00:00:00.000Z"`, ""},
		{"ban", `,"room":"club","member":"dan","until":5`, "invalid_field"},
		{"unban", `,"room":"club","member":"dan"`, ""},
		{"unban", `,"room":"club","member":"dan"`, ""},
		{"mute", `,"room":"club","member":"bob","until":null,"key":"m"`, ""},
		{"mute", `,"room":"club","member":"bob","until":null,"key":"m"`, ""},
		{"unmute", `,"room":"club","member":"bob"`, ""},
		{"post", `,"room":"a","text":"@Ann","reply_to":"` + id + `","mentions":["ann"],"attachments":[{"url":"x"}]`, ""},
		{"post", `,"room":"a","attachments":[{"url":"x"}],"thread":"` + strings.ToLower(id) + `"`, ""},
		{"post", `,"room":"a","text":"x","attachments":[1]`, "invalid_field"},
		{"post", `,"room":"a"`, "invalid_field"},
		{"thread", `,"room":"a","message":"` + id + `","limit":1`, ""},
		{"thread", `,"room":"a"`, "invalid_field"},
		{"mentions", `,"limit":1`, ""},
		{"mentions", `,"room":"a"`, "invalid_field"},
		{"search", `,"room":"a","q":"ANN"`, ""},
		{"search", `,"room":"a","q":""`, "invalid_field"},
		{"change", `,"room":"club","archived":true`, ""},
		{"post", `,"room":"club","text":"x"`, "room_archived"},
		{"delete_room", `,"room":"club","key":"d"`, ""},
		{"delete_room", `,"room":"club"`, "room_not_found"},
		{"watch_rooms", ``, ""},
		{"watch_rooms", ``, "already_subscribed"},
		{"watch_rooms", `,"room":"a"`, "invalid_field"},
		{"read", `,"room":"a","up_to":"` + id + `"`, ""},
		{"read", `,"room":"a","up_to":"` + strings.ToLower(id) + `"`, ""},
		{"read", `,"room":"a","up_to":"latest"`, ""},
		{"read", `,"room":"a","up_to":"7ZZZZZZZZZ0000000000000000"`, "cursor_ahead"},
		{"read", `,"room":"a"`, "invalid_field"},
		{"read", `,"room":"a","up_to":null`, "invalid_field"},
		{"read", `,"room":"none","up_to":"latest"`, "room_not_found"},
		{"typing", `,"room":"a"`, ""},
		{"typing", `,"room":"a","key":"k"`, "invalid_field"},
		{"typing", `,"room":"none"`, "room_not_found"},
		{"signal", `,"room":"a","kind":"x.cursor","data":{"line":5}`, ""},
		{"signal", `,"room":"a","kind":"x.cursor","data":null`, ""},
		{"signal", `,"room":"a","kind":"x.cursor"`, ""},
		{"signal", `,"room":"a","kind":"cursor"`, "invalid_field"},
		{"signal", `,"room":"a"`, "invalid_field"},
		{"presence", `,"room":"a"`, ""},
		{"presence", `,"room":"none"`, "room_not_found"},
		{"status", `,"status":"busy","text":" In a meeting "`, ""},
		{"status", `,"status":"online"`, ""},
		{"status", `,"status":"gone"`, "invalid_field"},
		{"subscribe", `,"room":"b","signals":false`, ""},
		{"subscribe", `,"room":"c","signals":1`, "invalid_field"},
		{"unwatch_rooms", ``, ""},
		{"unwatch_rooms", ``, ""},
		{"unwatch_rooms", `,"room":"a"`, "invalid_field"},
	} {
		m, _ := k.ask(`"op":"` + test.op + `"` + test.fields)
		switch {
		case m.Error == nil && test.code == "":
			done[test.op] = true
		case m.Error == nil || m.Error.Code != test.code:
			t.Errorf("%s%s is answered %s, not %q", test.op, test.fields, m.text, test.code)
		}
	}
	ops := s.ops()
	for _, name := range ops {
		if !done[name] {
			t.Errorf("the op %s of the schema was not carried out", name)
		}
	}
	if len(ops) != len(done) {
		t.Errorf("%d ops were carried out, %d are in the schema", len(done), len(ops))
	}
	k.send(`{`)
	if m := k.until(func(m message) bool { return m.Error != nil }); m.Re != nil || m.Error.Code != "malformed_json" {
		t.Errorf("what is no JSON is answered %s", m.text)
	}
	refuse.Store(true)
	k.until(func(m message) bool { return m.End != nil })
	for _, signal := range []string{`"signal":"rooms"`, `"signal":"presence"`, `"signal":"read"`, `"signal":"typing"`, `"signal":"x.cursor"`} {
		if !strings.Contains(k.heard.String(), signal) {
			t.Errorf("no %s has come", signal)
		}
	}
}
