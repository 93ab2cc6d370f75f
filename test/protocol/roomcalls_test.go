package protocol_test

import (
	"fmt"
	"strings"
)

// roomCalls are the calls about rooms and people, and what messages have beside
// their text, in their order. Those of calls have come before.
var roomCalls = []call{
	{"POST /rooms", ann, "/rooms", `{"id":"club","kind":"private","title":" Club ","topic":"a\nb","slow_mode_s":0,"history":"joined","meta":{"a": 1},"members":["bob",{"id":"zoë@x.org","name":"Zoë"}],"key":"c"}`, nil, 201},
	{"POST /rooms", ann, "/rooms", `{"id":"club","kind":"private","title":"Club","topic":"a\r\nb","history":"joined","meta":{"a":1},"members":["bob"],"key":"c"}`, nil, 200},
	{"POST /rooms", ann, "/rooms", `{"id":"club","kind":"private","title":"Pub","key":"c"}`, nil, 422},
	{"POST /rooms", bob, "/rooms", `{"id":"club"}`, nil, 409},
	{"POST /rooms", bob, "/rooms", `{"kind":"private"}`, []string{"Idempotency-Key", "c"}, 201},
	{"POST /rooms", bob, "/rooms", `{"kind":"private"}`, []string{"Idempotency-Key", "c"}, 200},
	{"POST /rooms", bob, "/rooms", `{"kind":"public"}`, []string{"Idempotency-Key", "c"}, 422},
	{"POST /rooms", ann, "/rooms", `{"kind":"direct","members":["bob"]}`, nil, 201},
	{"POST /rooms", bob, "/rooms", `{"kind":"direct","members":["ann","bob"]}`, nil, 200},
	{"POST /rooms", ann, "/rooms", `{"kind":"direct"}`, nil, 400},
	{"POST /rooms", ann, "/rooms", `{"kind":"direct","id":"d","members":["eve"]}`, nil, 400},
	{"POST /rooms", ann, "/rooms", `{"id":""}`, nil, 400},
	{"POST /rooms", ann, "/rooms", `{"id":"-"}`, nil, 400},
	{"POST /rooms", ann, "/rooms", ``, nil, 415},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"title":"Tavern","key":"p"}`, nil, 200},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"title":"Tavern","key":"p"}`, nil, 200},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"title":"Tavern"}`, nil, 204},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"topic":"","meta":null,"slow_mode_s":5}`, []string{"Idempotency-Key", "p2"}, 200},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"slow_mode_s":0}`, nil, 200},
	{"GET /rooms/{room}/receipts", bob, "/rooms/club/receipts", "", nil, 403},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"receipts":true}`, nil, 200},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"receipts":true}`, nil, 204},
	{"GET /rooms/{room}/receipts", bob, "/rooms/club/receipts", "", nil, 200},
	{"POST /rooms", bob, "/rooms", `{"receipts":true}`, nil, 201},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"topic":"x","key":"p"}`, nil, 422},
	{"PATCH /rooms/{room}", bob, "/rooms/club", `{"title":"x"}`, nil, 403},
	{"PUT /rooms/{room}/members/{user}", ann, "/rooms/club/members/eve", `{"role":"admin","name":"Eve"}`, nil, 200},
	{"PUT /rooms/{room}/members/{user}", ann, "/rooms/club/members/eve", `{"role":"admin"}`, nil, 204},
	{"PUT /rooms/{room}/members/{user}", ann, "/rooms/club/members/eve", `{"role":"member","key":"m"}`, nil, 200},
	{"PUT /rooms/{room}/members/{user}", ann, "/rooms/club/members/a%2Fb", "", nil, 400},
	{"PUT /rooms/{room}/members/{user}", ann, "/rooms/club/members/..", "", nil, 400},
	{"PUT /rooms/{room}/members/{user}", ann, "/rooms/club/members/", "", nil, 400},
	{"PUT /rooms/{room}/members/{user}", ann, "/rooms/club/members/" + strings.Repeat("x", 129), "", nil, 400},
	{"PUT /rooms/{room}/mutes/{user}", ann, "/rooms/club/mutes/eve", `{"until":"2026-01-02T13:00:00+01:00"}`, nil, 400},
	{"PUT /rooms/{room}/mutes/{user}", ann, "/rooms/club/mutes/eve", `{"until":"2026-01-02T13:00:00.5Z"}`, nil, 200},
	{"PUT /rooms/{room}/mutes/{user}", ann, "/rooms/club/mutes/eve", `{"until":"2026-01-02T13:00:00.500Z"}`, nil, 204},
	{"DELETE /rooms/{room}/mutes/{user}", ann, "/rooms/club/mutes/eve", "", nil, 200},
	{"DELETE /rooms/{room}/mutes/{user}", ann, "/rooms/club/mutes/eve", `{}`, nil, 204},
	{"PUT /rooms/{room}/bans/{user}", ann, "/rooms/club/bans/eve", "", nil, 200},
	{"PUT /rooms/{room}/bans/{user}", ann, "/rooms/club/bans/eve", "", nil, 204},
	{"PUT /rooms/{room}/bans/{user}", ann, "/rooms/club/bans/dan", `{"until":"2026-01-03T00:00:00Z","name":"Dan"}`, nil, 200},
	{"DELETE /rooms/{room}/bans/{user}", ann, "/rooms/club/bans/eve", `{"key":"u"}`, nil, 200},
	{"DELETE /rooms/{room}/bans/{user}", ann, "/rooms/club/bans/eve", "", nil, 204},
	{"DELETE /rooms/{room}/members/{user}", ann, "/rooms/club/members/zo%C3%AB@x.org?ban=1", "", nil, 200},
	{"DELETE /rooms/{room}/members/{user}", ann, "/rooms/club/members/zo%C3%AB@x.org", "", nil, 204},
	{"DELETE /rooms/{room}/members/{user}", ann, "/rooms/club/members/bob?ban=yes", "", nil, 400},
	{"POST /rooms/{room}/leave", ann, "/rooms/club/leave", "", nil, 409},
	{"POST /rooms/{room}/messages", bob, "/rooms/general/messages", `{"text":"@Ann Yes.","reply_to":"MSG","mentions":["ann","ann"],"attachments":[{"url":"a.png"}],"kind":"image"}`, nil, 201},
	{"POST /rooms/{room}/messages", bob, "/rooms/general/messages", `{"reply_to":null,"thread":"msg","attachments":[{}],"meta":null}`, nil, 201},
	{"POST /rooms/{room}/messages", bob, "/rooms/general/messages", `{"text":"x","reply_to":"7ZZZZZZZZZZZZZZZZZZZZZZZZY"}`, nil, 404},
	{"POST /rooms/{room}/messages", bob, "/rooms/general/messages", `{"text":"x","kind":"system"}`, nil, 403},
	{"GET /rooms/{room}/messages/{id}/thread", ann, "/rooms/general/messages/MSG/thread", "", nil, 200},
	{"GET /rooms/{room}/messages/{id}/thread", ann, "/rooms/general/messages/MSG/thread?before=latest&limit=1", "", nil, 200},
	{"GET /rooms/{room}/messages/{id}/thread", ann, "/rooms/general/messages/x/thread", "", nil, 404},
	{"GET /rooms/{room}/messages/{id}/thread", ann, "/rooms/general/messages/MSG/thread?limit=0", "", nil, 400},
	{"GET /mentions", ann, "/mentions?limit=1", "", nil, 200},
	{"GET /mentions", ann, "/mentions?before=x", "", nil, 400},
	{"GET /rooms/{room}/search", ann, "/rooms/general/search?q=YES", "", nil, 200},
	{"GET /rooms/{room}/search", ann, "/rooms/general/search?q=yes&before=earliest", "", nil, 200},
	{"GET /rooms/{room}/search", ann, "/rooms/general/search", "", nil, 400},
	{"GET /rooms/{room}/search", ann, "/rooms/general/search?q=%FF", "", nil, 400},
	{"GET /rooms/{room}/search", ann, "/rooms/general/search?q=a&before=x", "", nil, 400},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"archived":true}`, nil, 200},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"title":"x"}`, nil, 409},
	{"POST /rooms/{room}/messages", ann, "/rooms/club/messages", `{"text":"x"}`, nil, 409},
	{"GET /rooms/{room}", ann, "/rooms/club", "", nil, 200},
	{"GET /rooms", ann, "/rooms", "", nil, 200},
	{"GET /rooms/{room}/log", ann, "/rooms/club/log", "", nil, 200},
	{"PATCH /rooms/{room}", ann, "/rooms/club", `{"archived":false,"title":"Club"}`, nil, 200},
	{"DELETE /rooms/{room}", bob, "/rooms/club", "", nil, 403},
	{"DELETE /rooms/{room}", ann, "/rooms/club", "", nil, 200},
	{"DELETE /rooms/{room}", ann, "/rooms/club", "", nil, 404},
	{"GET /rooms/{room}", ann, "/rooms/club", "", nil, 404},
}

// strictFields are bodies with a field that is not as it must be: unknown,
// twice, of a wrong type, out of bounds, or not the client's to say.
var strictFields = map[string][]string{
	"POST /rooms": {
		`{"id":5}`, `{"kind":"secret"}`, `{"kind":null}`, `{"title":5}`, `{"title":"a\nb"}`, `{"title":"` + strings.Repeat("x", 201) + `"}`,
		`{"topic":"` + strings.Repeat("x", 2001) + `"}`, `{"slow_mode_s":-1}`, `{"slow_mode_s":1.5}`, `{"slow_mode_s":"5"}`, `{"slow_mode_s":86401}`,
		`{"history":"joined"}`, `{"history":"none","kind":"private"}`, `{"members":"bob"}`, `{"members":[5]}`, `{"members":["a b"]}`,
		`{"members":[{"name":"Bob"}]}`, `{"members":[{"id":"bob","role":"admin"}]}`, `{"archived":false}`, `{"owner":"bob"}`, `{"user":"bob"}`,
		`{"at":"2026-01-02T03:04:05Z"}`, `{"title":"a","title":"a"}`, `[]`,
	},
	"PATCH /rooms/{room}": {
		`{}`, `{"key":"k"}`, `{"archived":true,"title":"x"}`, `{"archived":"true"}`, `{"archived":null}`, `{"kind":""}`, `{"kind":"secret"}`,
		`{"history":""}`, `{"receipts":"true"}`, `{"title":null}`, `{"id":"x"}`, `{"members":[]}`, `{"slow_mode_s":null}`,
	},
	"PUT /rooms/{room}/members/{user}": {`{"role":"boss"}`, `{"role":""}`, `{"role":5}`, `{"role":null}`, `{"member":"bob"}`, `{"id":"bob"}`, `{"name":5}`, `{"until":null}`},
	"PUT /rooms/{room}/bans/{user}":    {`{"until":5}`, `{"until":"soon"}`, `{"until":"2026-01-01T00:00:00Z"}`, `{"until":""}`, `{"reason":"x"}`, `{"role":"member"}`},
	"PUT /rooms/{room}/mutes/{user}":   {`{"until":true}`, `{"until":"2026-01-02"}`, `{"until":"0001-01-01T00:00:00Z"}`, `{"for":5}`},
	"DELETE /rooms/{room}/bans/{user}": {`{"until":null}`, `{"user":"bob"}`},
	"DELETE /rooms/{room}":             {`{"room":"x"}`},
	"POST /rooms/{room}/messages": {
		`{"text":"a","reply_to":5}`, `{"text":"a","mentions":"bob"}`, `{"text":"a","mentions":[5]}`, `{"text":"a","mentions":["a b"]}`, `{"text":"a","mentions":[""]}`,
		`{"text":"a","attachments":{}}`, `{"text":"a","attachments":["x"]}`, `{"text":"a","attachments":[` + strings.Repeat("{},", 32) + `{}]}`,
		`{"text":"a","mentions":[` + many(65) + `]}`, `{"text":"a","parent":"x"}`, `{"text":"a","edited_at":"x"}`, `{"meta":{}}`,
	},
	"PUT /rooms/{room}/read":            {`{}`, `{"up_to":null}`, `{"up_to":5}`, `{"up_to":"latest","key":"k"}`, `{"up_to":"latest","user":"bob"}`},
	"POST /rooms/{room}/signals":        {`{}`, `{"kind":"cursor"}`, `{"kind":"x."}`, `{"kind":"x.a b"}`, `{"kind":5}`, `{"kind":"x.a","user":"bob"}`, `{"kind":"x.a","key":"k"}`},
	"POST /rooms/{room}/typing":         {`{"key":"k"}`, `{"user":"bob"}`, `[]`},
	"PATCH /rooms/{room}/messages/{id}": {`{"mentions":["bob"]}`, `{"text":"a","attachments":[]}`, `{"text":"a","reply_to":null}`, `{"text":"a","mentions":5}`, `{"text":"a","kind":"text"}`},
}

// many returns n ids of users as JSON.
func many(n int) string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf(`"u%d"`, i))
	}
	return strings.Join(ids, ",")
}
