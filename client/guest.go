package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// Guest makes a guest, where the server lets anybody in under a name: a new user,
// and the token that says who they are. The token can be kept, and is good for as
// long as the server says. It makes one attempt.
//
//	user, token, err := client.Guest(ctx, url, "Ann")
//	c, err := client.Dial(ctx, url, &client.Options{Token: client.Token(token)})
func Guest(ctx context.Context, url, name string) (User, string, error) {
	return guestWith(ctx, http.DefaultClient, url, name)
}

// guestWith is Guest over an HTTP client.
func guestWith(ctx context.Context, hc *http.Client, url, name string) (User, string, error) {
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return User{}, "", err
	}
	h := &caller{http: hc, base: strings.TrimSuffix(url, "/")}
	var made struct {
		User  User   `json:"user"`
		Token string `json:"token"`
	}
	_, err = h.attempt(ctx, "", &request{method: http.MethodPost, path: "/guest", body: body}, &made)
	return made.User, made.Token, err
}

// Token returns a token that is always the same, for Options.Token.
func Token(token string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return token, nil }
}
