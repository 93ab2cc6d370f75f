package client_test

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/roomlog/chat/client"
)

// Who has a cookie and no token has a socket, too.
func TestDial_takesTheCookiesOfAJar(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		jar := must[*cookiejar.Jar](t)(cookiejar.New(nil))
		hc := &http.Client{Jar: jar, Transport: &http.Transport{}}
		t.Cleanup(hc.CloseIdleConnections)
		resp, err := hc.Post(s.url()+"/guest", "application/json", strings.NewReader(`{"name":"Ann"}`))
		if err != nil || resp.StatusCode != http.StatusCreated {
			t.Fatal(resp, err)
		}
		_ = resp.Body.Close()
		o := quick(as)
		o.HTTPClient, o.Token = hc, nil
		c, err := client.Dial(within(t), s.url(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		e := must[client.Event](t)(c.Room("general").Post(within(t), "Hello."))
		if e.User.Name != "Ann" || e.User.ID != c.User().ID || c.State().Transport != as {
			t.Errorf("the message is %s, and the client %v by %s", e.JSON(), c.User(), c.State().Transport)
		}
	})
}
