package transport_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

const (
	listedOrigin  = "https://app.example.com"
	foreignOrigin = "https://evil.example"
)

func TestWrites_ofOtherSitesWithACookieAreRefused(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{Origins: []string{listedOrigin}}})
	ann, token := s.User("Ann")
	message := s.Post("general", ann, "hello")[0].ID.String()
	cookie := []string{"Cookie", "chat_guest=" + token}
	writes := [][3]string{
		{"POST", "/rooms/general/messages", `{"text":"a"}`},
		{"POST", "/rooms/general/join", ""},
		{"PATCH", "/rooms/general/messages/" + message, `{"text":"b"}`},
		{"PUT", "/rooms/general/messages/" + message + "/reactions/+1", ""},
		{"DELETE", "/rooms/general/messages/" + message + "/reactions/+1", ""},
		{"POST", "/guest", `{"name":"Eve"}`},
	}
	for _, from := range [][]string{
		{"Origin", foreignOrigin},
		{"Origin", "null"},
		{"Origin", listedOrigin + ".evil.example"},
		{"Origin", strings.ToUpper(listedOrigin)},
		{"Sec-Fetch-Site", "cross-site", "Origin", foreignOrigin},
		{"Sec-Fetch-Site", "same-site", "Origin", foreignOrigin},
		{"Sec-Fetch-Site", "cross-site"},
	} {
		for _, w := range writes {
			s.Call(w[0], w[1], "", w[2], append(from, cookie...)...).WantProblem(403, "cross_origin")
		}
		s.Call("GET", "/rooms/general/messages", "", "", append(from, cookie...)...).Want(200)
		s.Call("POST", "/rooms/general/messages", token, `{"text":"a"}`, from...).Want(201)
	}
	for _, from := range [][]string{
		{},
		{"Origin", listedOrigin},
		{"Sec-Fetch-Site", "cross-site", "Origin", listedOrigin},
		{"Origin", s.HTTP.URL},
		{"Sec-Fetch-Site", "same-origin", "Origin", "https://name.the.proxy.hides"},
		{"Sec-Fetch-Site", "none"},
	} {
		s.Call("POST", "/rooms/general/messages", "", `{"text":"a"}`, append(from, cookie...)...).Want(201)
	}
}

func TestCORS_isCompleteForListedOriginsAlone(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{Origins: []string{listedOrigin}}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")

	a := s.Call("OPTIONS", "/rooms/general/messages", "", "", "Origin", listedOrigin,
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type").Want(204)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":      listedOrigin,
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Headers":     "Authorization, Content-Type, Idempotency-Key, Last-Event-ID",
		"Access-Control-Expose-Headers":    "Idempotent-Replayed, Retry-After",
		"Vary":                             "Origin",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		if got := a.Header.Get("Access-Control-Allow-Methods"); !strings.Contains(got, method) {
			t.Errorf("methods are %q, without %s", got, method)
		}
	}
	for _, path := range []string{"/rooms", "/rooms/general/log", "/rooms/nothing", "/nothing"} {
		a := s.Call("GET", path, token, "", "Origin", listedOrigin)
		if a.Header.Get("Access-Control-Allow-Origin") != listedOrigin || len(a.Header.Values("Vary")) != 1 {
			t.Errorf("%s is answered with %v", path, a.Header)
		}
		a = s.Call("GET", path, token, "", "Origin", foreignOrigin)
		if a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Vary") != "Origin" {
			t.Errorf("%s is answered to a foreign origin with %v", path, a.Header)
		}
	}
	st := s.Stream("/rooms/general/events", token, "Origin", listedOrigin)
	if st.Header.Get("Access-Control-Allow-Origin") != listedOrigin || len(st.Header.Values("Vary")) != 1 {
		t.Errorf("the stream is answered with %v", st.Header)
	}
}

func TestCheckSocket_asksForTheHostsOwnOrigin(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	g := transport.NewGate(s.Chat, s.Guest.Auth, &transport.Options{Origins: []string{listedOrigin}})
	for _, test := range []struct {
		name string
		ok   bool
		h    http.Header
	}{
		{"own", true, http.Header{"Origin": {"https://chat.example"}}},
		{"listed", true, http.Header{"Origin": {listedOrigin}}},
		{"listed, cross-site", true, http.Header{"Origin": {listedOrigin}, "Sec-Fetch-Site": {"cross-site"}}},
		{"own behind a proxy", true, http.Header{"Origin": {"https://public.example"}, "Sec-Fetch-Site": {"same-origin"}}},
		{"no page, with a token", true, http.Header{"Authorization": {"Bearer x"}}},
		{"no page, same-origin, with a token", true, http.Header{"Authorization": {"Bearer x"}, "Sec-Fetch-Site": {"same-origin"}}},

		{"foreign", false, http.Header{"Origin": {foreignOrigin}}},
		{"foreign, with a token", false, http.Header{"Origin": {foreignOrigin}, "Authorization": {"Bearer x"}}},
		{"other port", false, http.Header{"Origin": {"https://chat.example:8443"}}},
		{"null", false, http.Header{"Origin": {"null"}}},
		{"a sandboxed page of ours", false, http.Header{"Origin": {"https://chat.example"}, "Sec-Fetch-Site": {"cross-site"}}},
		{"same site, other host", false, http.Header{"Origin": {"https://x.chat.example"}, "Sec-Fetch-Site": {"same-site"}}},
		{"none, with a cookie", false, http.Header{"Cookie": {"chat_guest=x"}}},
		{"none, same-origin", false, http.Header{"Cookie": {"chat_guest=x"}, "Sec-Fetch-Site": {"same-origin"}}},
		{"none, by hand", false, http.Header{"Cookie": {"chat_guest=x"}, "Sec-Fetch-Site": {"none"}}},
		{"none, cross-site, with a token", false, http.Header{"Authorization": {"Bearer x"}, "Sec-Fetch-Site": {"cross-site"}}},
	} {
		err := g.CheckSocket(&http.Request{Host: "chat.example", Header: test.h})
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
