package protocol_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// matrixRow is a route, or a special case of one, and what it is answered with.
//
// In path, body and op {room} is the room, {own} a message of the caller's,
// {other} one of the target's, {me} the caller, {target} a member, {absent}
// somebody whom nobody knows, {owner} and {banned} those of the columns.
type matrixRow struct {
	operation  string
	path, body string // path is that of the operation where it is empty
	op         string // what a socket says to the same effect; empty if nothing does
	want       [5]string
}

// Each want is a room, by a letter: missing, private (v), public, direct,
// archived (a public one); and then a letter of letters for nobody, a stranger,
// a member, one who is banned, an admin and the owner. A direct room has none of
// the last three.
var (
	reading  = [5]string{"mURRRRR", "vUR2R22", "pU22F22", "dUR2", "aU22F22"}
	writing  = [5]string{"mURRRRR", "vUR1R11", "pU11F11", "dUR1", "aUAAFAA"}
	editing  = [5]string{"mURRRRR", "vUR2R22", "pU22F22", "dUR2", "aUAAFAA"}
	leading  = [5]string{"mURRRRR", "vURFR22", "pUFFF22", "dURF", "aUFFF22"} // owners and admins, in an archived room too
	leading0 = [5]string{"mURRRRR", "vURFR00", "pUFFF00", "dURF", "aUFFF00"} // the same, where nothing is to change
	owning   = [5]string{"mURRRRR", "vURFRF2", "pUFFFF2", "dURF", "aUFFFF2"}
	refusing = [5]string{"mURRRRR", "vURFRFF", "pUFFFFF", "dURF", "aUFFFFF"}
	telling  = [5]string{"mURRRRR", "vUR0R00", "pU00F00", "dUR0", "aUAAFAA"}
	nowhere  = [5]string{"mUMMMMM", "vUMMMMM", "pUMMMMM", "dUMM", "aUMMMMM"}
	nobodyIn = [5]string{"mURRRRR", "vURMRMM", "pUMMFMM", "dURM", "aUMMFMM"} // a message that is not there
	anywhere = [5]string{"mU22222", "vU22222", "pU22222", "dU22", "aU22222"}
)

var letters = map[byte]string{
	'0': "204", '1': "201", '2': "200",
	'I': "400 invalid_field", 'U': "401 unauthenticated", 'F': "403 forbidden",
	'R': "404 room_not_found", 'M': "404 message_not_found",
	'A': "409 room_archived", 'E': "409 room_exists", 'L': "409 forbidden_last_owner",
}

const noMessage = "7ZZZZZZZZZZZZZZZZZZZZZZZZY"

var matrix = []matrixRow{
	{"GET /me", "", "", "", anywhere},
	{"POST /guest", "", `{"name":"Eve"}`, "", [5]string{"m111111", "v111111", "p111111", "d111", "a111111"}},
	{"POST /ticket", "", "", "", [5]string{"mU11111", "vU11111", "pU11111", "dU11", "aU11111"}},
	{"GET /ws", "", "", "", [5]string{"mUIIIII", "vUIIIII", "pUIIIII", "dUII", "aUIIIII"}}, // it is no upgrade
	{"GET /rooms", "", "", "", anywhere},
	{"GET /mentions", "", "", `"op":"mentions"`, anywhere},
	{
		"POST /rooms", "", `{"id":"{room}","kind":"private"}`, `"op":"create","room":"{room}","kind":"private"`,
		[5]string{"mU11111", "vUEEEEE", "pUEEEEE", "dUEE", "aUEEEEE"},
	},

	{"GET /rooms/{room}", "", "", "", reading},
	{"GET /rooms/{room}/messages", "", "", `"op":"history","room":"{room}"`, reading},
	{"GET /rooms/{room}/messages/{id}", "/rooms/{room}/messages/{other}?history=1", "", "", reading},
	{"GET /rooms/{room}/messages/{id}", "/rooms/{room}/messages/" + noMessage, "", "", nobodyIn},
	{"GET /rooms/{room}/messages/{id}", "/rooms/{room}/messages/x", "", "", nowhere},
	{"GET /rooms/{room}/messages/{id}/thread", "/rooms/{room}/messages/{other}/thread", "", `"op":"thread","room":"{room}","message":"{other}"`, reading},
	{"GET /rooms/{room}/messages/{id}/thread", "/rooms/{room}/messages/" + noMessage + "/thread", "", `"op":"thread","room":"{room}","message":"` + noMessage + `"`, nobodyIn},
	{"GET /rooms/{room}/search", "/rooms/{room}/search?q=hello", "", `"op":"search","room":"{room}","q":"hello"`, reading},
	{"GET /rooms/{room}/log", "", "", "", reading},
	{"GET /rooms/{room}/events", "", "", `"op":"subscribe","room":"{room}"`, reading},
	// Several rooms are answered 404 where none is to be seen, whatever the reason.
	{"GET /events", "/events?room={room}", "", "", [5]string{"mURRRRR", "vUR2R22", "pU22R22", "dUR2", "aU22R22"}},

	{"GET /me/events", "", "", `"op":"watch_rooms"`, anywhere},
	{"PUT /me/status", "", `{"status":"online"}`, `"op":"status","status":"online"`, anywhere},
	{"GET /me", "", "", `"op":"unwatch_rooms"`, anywhere},
	{"GET /rooms/{room}/presence", "", "", `"op":"presence","room":"{room}"`, reading},
	{"GET /rooms/{room}/receipts", "", "", "", refusing}, // no room shows them
	{"PUT /rooms/{room}/read", "", `{"up_to":"latest"}`, `"op":"read","room":"{room}","up_to":"latest"`, reading},
	{"PUT /rooms/{room}/read", "", `{"up_to":"{other}"}`, `"op":"read","room":"{room}","up_to":"{other}"`, reading},
	{"POST /rooms/{room}/typing", "", "", `"op":"typing","room":"{room}"`, telling},
	{"POST /rooms/{room}/signals", "", `{"kind":"x.cursor","data":[5]}`, `"op":"signal","room":"{room}","kind":"x.cursor","data":[5]`, telling},

	{"POST /rooms/{room}/join", "", "", `"op":"join","room":"{room}"`, [5]string{"mU11111", "vUR2R22", "pU12F22", "dUR2", "aUA2F22"}},
	{"POST /rooms/{room}/leave", "", "", `"op":"leave","room":"{room}"`, [5]string{"mURRRRR", "vUR2R2L", "pU22F2L", "dURF", "aU22F2L"}},

	{"POST /rooms/{room}/messages", "", `{"text":"a"}`, `"op":"post","room":"{room}","text":"a"`, writing},
	{"POST /rooms/{room}/messages", "", `{"text":"a","reply_to":"{other}","mentions":["{target}"]}`, `"op":"post","room":"{room}","text":"a","reply_to":"{other}"`, writing},
	{
		"POST /rooms/{room}/messages", "", `{"text":"a","thread":"` + noMessage + `"}`, `"op":"post","room":"{room}","text":"a","thread":"` + noMessage + `"`,
		[5]string{"mURRRRR", "vURMRMM", "pUMMFMM", "dURM", "aUAAFAA"},
	},
	{
		"POST /rooms/{room}/messages", "", `{"text":"a","kind":"system"}`, `"op":"post","room":"{room}","text":"a","kind":"system"`,
		[5]string{"mURRRRR", "vURFRFF", "pUFFFFF", "dURF", "aUAAFAA"},
	},
	{"PATCH /rooms/{room}/messages/{id}", "/rooms/{room}/messages/{own}", `{"text":"b"}`, `"op":"edit","room":"{room}","message":"{own}","text":"b"`, editing},
	{"PATCH /rooms/{room}/messages/{id}", "/rooms/{room}/messages/{other}", `{"text":"b"}`, `"op":"edit","room":"{room}","message":"{other}","text":"b"`, refusing},
	{"PATCH /rooms/{room}/messages/{id}", "/rooms/{room}/messages/" + noMessage, `{"text":"b"}`, `"op":"edit","room":"{room}","message":"` + noMessage + `","text":"b"`, nobodyIn},
	{"DELETE /rooms/{room}/messages/{id}", "/rooms/{room}/messages/{own}", "", `"op":"delete","room":"{room}","message":"{own}"`, reading},
	{"DELETE /rooms/{room}/messages/{id}", "/rooms/{room}/messages/{other}", "", `"op":"delete","room":"{room}","message":"{other}"`, leading},
	{"DELETE /rooms/{room}/messages/{id}", "/rooms/{room}/messages/" + noMessage, "", "", nobodyIn},
	{"PUT /rooms/{room}/messages/{id}/reactions/{emoji}", "/rooms/{room}/messages/{other}/reactions/x", "", `"op":"react","room":"{room}","message":"{other}","emoji":"x"`, writing},
	{
		"DELETE /rooms/{room}/messages/{id}/reactions/{emoji}", "/rooms/{room}/messages/{other}/reactions/x", "", `"op":"unreact","room":"{room}","message":"{other}","emoji":"x"`,
		[5]string{"mURRRRR", "vUR0R00", "pU00F00", "dUR0", "aUAAFAA"},
	},

	{"PUT /rooms/{room}/members/{user}", "/rooms/{room}/members/{target}", "", `"op":"member","room":"{room}","member":"{target}"`, leading0},
	{"PUT /rooms/{room}/members/{user}", "/rooms/{room}/members/{target}", `{"role":"admin"}`, `"op":"member","room":"{room}","member":"{target}","role":"admin"`, owning},
	{
		"PUT /rooms/{room}/members/{user}", "/rooms/{room}/members/{absent}", `{"role":"member","name":"A"}`, `"op":"member","room":"{room}","member":"{absent}"`,
		[5]string{"mURRRRR", "vURFR22", "pUFFF22", "dURF", "aUFFFAA"},
	},
	{
		"PUT /rooms/{room}/members/{user}", "/rooms/{room}/members/{absent}", `{"role":"admin"}`, `"op":"member","room":"{room}","member":"{absent}","role":"admin"`,
		[5]string{"mURRRRR", "vURFRF2", "pUFFFF2", "dURF", "aUFFFFA"},
	},
	{
		"PUT /rooms/{room}/members/{user}", "/rooms/{room}/members/{banned}", "", `"op":"member","room":"{room}","member":"{banned}"`,
		[5]string{"mURRRRR", "vURFR22", "pUFFF22", "dURF", "aUFFFAA"},
	},
	// Of oneself it is a join, which creates no room, or a change of one's role.
	{
		"PUT /rooms/{room}/members/{user}", "/rooms/{room}/members/{me}", "", `"op":"member","room":"{room}","member":"{me}"`,
		[5]string{"mURRRRR", "vUR0R00", "pU20F00", "dUR0", "aUA0F00"},
	},
	{
		"PUT /rooms/{room}/members/{user}", "/rooms/{room}/members/{me}", `{"role":"owner"}`, `"op":"member","room":"{room}","member":"{me}","role":"owner"`,
		[5]string{"mURRRRR", "vURFRF0", "pUFFFF0", "dURF", "aUFFFF0"},
	},
	{
		"PUT /rooms/{room}/members/{user}", "/rooms/{room}/members/{me}", `{"role":"member"}`, `"op":"member","room":"{room}","member":"{me}","role":"member"`,
		[5]string{"mURRRRR", "vURFRFL", "pUFFFFL", "dURF", "aUFFFFL"},
	},
	{"DELETE /rooms/{room}/members/{user}", "/rooms/{room}/members/{target}", "", `"op":"member","room":"{room}","member":"{target}","role":"none"`, leading},
	{"DELETE /rooms/{room}/members/{user}", "/rooms/{room}/members/{absent}", "", `"op":"member","room":"{room}","member":"{absent}","role":"none"`, leading0},
	{
		"DELETE /rooms/{room}/members/{user}", "/rooms/{room}/members/{owner}", "", `"op":"member","room":"{room}","member":"{owner}","role":"none"`,
		[5]string{"mURRRRR", "vURFRFL", "pUFFFFL", "dURF", "aUFFFFL"},
	},
	{
		"DELETE /rooms/{room}/members/{user}", "/rooms/{room}/members/{me}", "", `"op":"member","room":"{room}","member":"{me}","role":"none"`,
		[5]string{"mURRRRR", "vUR2R2L", "pU02F2L", "dURF", "aU02F2L"},
	},
	{"DELETE /rooms/{room}/members/{user}", "/rooms/{room}/members/{target}?ban=1", "", `"op":"member","room":"{room}","member":"{target}","ban":true`, leading},
	{"PUT /rooms/{room}/bans/{user}", "/rooms/{room}/bans/{target}", "", `"op":"ban","room":"{room}","member":"{target}"`, leading},
	{"PUT /rooms/{room}/bans/{user}", "/rooms/{room}/bans/{absent}", "", `"op":"ban","room":"{room}","member":"{absent}"`, leading},
	{"PUT /rooms/{room}/bans/{user}", "/rooms/{room}/bans/{banned}", "", `"op":"ban","room":"{room}","member":"{banned}"`, leading0},
	{"PUT /rooms/{room}/bans/{user}", "/rooms/{room}/bans/{owner}", "", `"op":"ban","room":"{room}","member":"{owner}"`, refusing},
	{"PUT /rooms/{room}/bans/{user}", "/rooms/{room}/bans/{me}", "", `"op":"ban","room":"{room}","member":"{me}"`, refusing},
	{"DELETE /rooms/{room}/bans/{user}", "/rooms/{room}/bans/{banned}", "", `"op":"unban","room":"{room}","member":"{banned}"`, leading},
	{"DELETE /rooms/{room}/bans/{user}", "/rooms/{room}/bans/{target}", "", `"op":"unban","room":"{room}","member":"{target}"`, leading0},
	{"PUT /rooms/{room}/mutes/{user}", "/rooms/{room}/mutes/{target}", `{"until":null}`, `"op":"mute","room":"{room}","member":"{target}"`, leading},
	{"PUT /rooms/{room}/mutes/{user}", "/rooms/{room}/mutes/{owner}", "", `"op":"mute","room":"{room}","member":"{owner}"`, refusing},
	{"DELETE /rooms/{room}/mutes/{user}", "/rooms/{room}/mutes/{target}", "", `"op":"unmute","room":"{room}","member":"{target}"`, leading0},

	{"PATCH /rooms/{room}", "", `{"title":"b"}`, `"op":"change","room":"{room}","title":"b"`, [5]string{"mURRRRR", "vURFR22", "pUFFF22", "dURF", "aUFFFAA"}},
	{"PATCH /rooms/{room}", "", `{"kind":"direct"}`, `"op":"change","room":"{room}","kind":"direct"`, refusing},
	{"PATCH /rooms/{room}", "", `{"archived":true}`, `"op":"change","room":"{room}","archived":true`, [5]string{"mURRRRR", "vURFR22", "pUFFF22", "dURF", "aUFFF00"}},
	{"PATCH /rooms/{room}", "", `{"archived":false}`, `"op":"change","room":"{room}","archived":false`, [5]string{"mURRRRR", "vURFR00", "pUFFF00", "dURF", "aUFFF22"}},
	{"DELETE /rooms/{room}", "", "", `"op":"delete_room","room":"{room}"`, owning},
}

// Every route of the document, which has every one that is registered, and every
// op of the schema, by everybody, in every room.
func TestMatrix_everyRouteByEverybodyInEveryRoom(t *testing.T) {
	t.Parallel()
	docs := loadSchemas(t)
	srv := serve(t, transport.Options{NoLimits: true}, nil)
	g := &gallery{server: srv, rooms: make(map[byte]*place)}
	missing := maps.Clone(docs.operations())
	hidden := 0
	for _, row := range matrix {
		delete(missing, row.operation)
		for _, want := range row.want {
			for i, by := range columns[:len(want)-1] {
				name := fmt.Sprintf("%s %s %s by %s in %c", row.operation, row.path, row.body, by.ID, want[0])
				p := g.at(want[0])
				resp, body := srv.answered(srv.request(by, method(row.operation), p.fill(by, row.route()), p.fill(by, row.body)))
				docs.in(t).wantAnswer(row.operation, resp, body)
				got := letterOf(resp, body)
				if got != want[i+1] {
					t.Errorf("%s: %s %s, want %s", name, letters[got], body, letters[want[i+1]])
				}
				// What may not be seen is answered as what is not there: bytes and headers.
				if got == 'R' && want[0] != 'm' || got == 'M' && want[0] == 'v' && by.ID == "stranger" {
					m := g.at('m')
					there, there2 := srv.answered(srv.request(by, method(row.operation), m.fill(by, row.route()), m.fill(by, row.body)))
					if row.operation != "POST /rooms/{room}/join" && !sameAnswer(resp, there, strings.ReplaceAll(string(body), p.id, m.id), string(there2)) {
						t.Errorf("%s: %v %s, but of a missing room %v %s", name, resp.Header, body, there.Header, there2)
					}
					hidden++
				}
			}
		}
	}
	for name := range missing {
		t.Errorf("%s has no row", name)
	}
	if hidden < 150 {
		t.Errorf("%d answers were compared with those of missing rooms", hidden)
	}
}

// The same over a socket, with the same codes.
func TestMatrix_everyOpByEverybodyInEveryRoom(t *testing.T) {
	t.Parallel()
	docs := loadSchemas(t)
	srv := serve(t, transport.Options{NoLimits: true}, nil)
	g := &gallery{server: srv, rooms: make(map[byte]*place)}
	sockets := make(map[string]*socket)
	for _, by := range columns[1:] {
		sockets[by.ID], _ = docs.dial(srv, by)
	}
	seen := map[string]bool{"auth": true, "ping": true, "unsubscribe": true} // of no room
	for _, row := range matrix {
		if row.op == "" {
			continue
		}
		seen[strings.Split(row.op, `"`)[3]] = true
		for _, want := range row.want {
			for i, by := range columns[:len(want)-1] {
				if by.ID == "" {
					continue
				}
				p := g.at(want[0])
				_ = sockets[by.ID].conn.SetDeadline(time.Now().Add(patience))
				got, _ := sockets[by.ID].ask(p.fill(by, row.op))
				letter := want[i+1]
				code := strings.Fields(letters[letter] + " ok")[1]
				switch {
				case got.Error == nil && code != "ok", got.Error != nil && got.Error.Code != code:
					t.Errorf("%s by %s in %c: %s, want %s", row.op, by.ID, want[0], got.text, code)
				case letter == '0' && string(got.OK) != "{}" && !strings.Contains(row.op, `"join"`):
					t.Errorf("%s by %s in %c: %s, want that nothing changes", row.op, by.ID, want[0], got.text)
				case letter == 'R' && want[0] != 'm':
					m := g.at('m')
					there, _ := sockets[by.ID].ask(m.fill(by, row.op))
					if strings.ReplaceAll(got.text, p.id, m.id) != there.text && !strings.Contains(row.op, `"join"`) {
						t.Errorf("%s by %s in %c: %s, but of a missing room %s", row.op, by.ID, want[0], got.text, there.text)
					}
				}
				if strings.Contains(row.op, `"subscribe"`) && got.Error == nil {
					sockets[by.ID].ask(p.fill(by, `"op":"unsubscribe","room":"{room}"`))
				}
				if strings.Contains(row.op, `"watch_rooms"`) && got.Error == nil {
					sockets[by.ID].ask(`"op":"unwatch_rooms"`)
				}
			}
		}
	}
	for _, op := range docs.ops() {
		if !seen[op] {
			t.Errorf("the op %s has no row", op)
		}
	}
}

func method(operation string) string {
	m, _, _ := strings.Cut(operation, " ")
	return m
}

func (row *matrixRow) route() string {
	if row.path != "" {
		return row.path
	}
	_, path, _ := strings.Cut(row.operation, " ")
	return path
}

// letterOf is the letter of an answer, ? if it has none.
func letterOf(resp *http.Response, body []byte) byte {
	var p struct{ Code string }
	if resp.StatusCode >= 400 {
		_ = json.Unmarshal(body, &p)
	}
	got := strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", p.Code))
	for letter, text := range letters {
		if text == got {
			return letter
		}
	}
	return '?'
}

// sameAnswer compares answers, but for their dates.
func sameAnswer(a, b *http.Response, bodyA, bodyB string) bool {
	a.Header.Del("Date")
	b.Header.Del("Date")
	return a.StatusCode == b.StatusCode && bodyA == bodyB && fmt.Sprint(a.Header) == fmt.Sprint(b.Header) && a.Proto == b.Proto
}

// answered carries out a request. Of a stream that opens it reads nothing.
func (s *server) answered(r *http.Request) (*http.Response, []byte) {
	s.t.Helper()
	if !strings.Contains(r.URL.Path, "/events") {
		return s.do(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == 200 {
		return resp, nil
	}
	return readAnswer(s.t, resp)
}

// ops are the ops of the schema.
func (s *schemas) ops() (names []string) {
	s.t.Helper()
	var client struct {
		Ops []struct {
			Ref string `json:"$ref"`
		} `json:"oneOf"`
	}
	s.decode(s.docs["schemas/ws-client.json"], &client)
	for _, op := range client.Ops {
		names = append(names, strings.TrimPrefix(op.Ref, "#/$defs/"))
	}
	return names
}

var (
	stranger = chat.User{ID: "stranger", Name: "S"}
	member   = chat.User{ID: "member", Name: "M"}
	banned   = chat.User{ID: "banned", Name: "B"}
	admin    = chat.User{ID: "admin", Name: "A"}
	owner    = chat.User{ID: "owner", Name: "O"}
	target   = chat.User{ID: "target", Name: "T"}

	columns = []chat.User{nobody, stranger, member, banned, admin, owner}
)
