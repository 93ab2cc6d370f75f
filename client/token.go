package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// credentials hold the token that is shown. One goroutine at a time gets a new one;
// the others wait for it.
type credentials struct {
	get func(context.Context) (string, error) // nil if there are none

	lock  chan struct{} // has room for one who holds it; waiting for it ends with a context
	token string
	have  bool
}

func newCredentials(get func(context.Context) (string, error)) *credentials {
	return &credentials{get: get, lock: make(chan struct{}, 1)}
}

// current returns the token, a new one if there is none.
func (k *credentials) current(ctx context.Context) (string, error) {
	select {
	case k.lock <- struct{}{}:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	defer func() { <-k.lock }()
	if k.get == nil || k.have {
		return k.token, nil
	}
	token, err := k.get(ctx)
	if err != nil {
		return "", &Lost{Err: fmt.Errorf("%w: %w", errNoToken, err)}
	}
	k.token, k.have = token, true
	return token, nil
}

// drop forgets a token that is no longer good, unless another one has taken its
// place. It reports whether there may be another one.
func (k *credentials) drop(ctx context.Context, token string) bool {
	select {
	case k.lock <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-k.lock }()
	if k.token == token {
		k.have = false
	}
	return k.get != nil
}

// refusals tells when refused tokens are the end: when the same one was got again,
// or a second new one was refused.
type refusals struct {
	token string // the last that was refused
	count int
}

func (r *refusals) final(token string) bool {
	r.count++
	again := r.count > 1 && (token == r.token || r.count > 2)
	r.token = token
	return again
}

// isUnauthenticated reports whether credentials were refused.
func isUnauthenticated(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == http.StatusUnauthorized
}
