package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// caller makes requests over HTTP.
type caller struct {
	http   *http.Client
	base   string // without a slash at the end
	header http.Header
}

// request is a call.
type request struct {
	method string
	path   string // escaped, begins with a slash
	query  url.Values
	body   []byte // JSON; nil is none
	key    string // Idempotency-Key; empty is none
}

// path joins parts of a path and escapes each. Dots alone are escaped too: a path is
// cleaned on its way where it has them.
func path(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteByte('/')
		if strings.Trim(part, ".") == "" {
			b.WriteString(strings.ReplaceAll(part, ".", "%2E"))
			continue
		}
		b.WriteString(url.PathEscape(part))
	}
	return b.String()
}

func (h *caller) newRequest(ctx context.Context, token string, q *request) (*http.Request, error) {
	target := h.base + q.path
	if len(q.query) > 0 {
		target += "?" + q.query.Encode()
	}
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, target, body)
	if err != nil {
		return nil, err
	}
	for name, values := range h.header {
		r.Header[name] = values
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		r.Header.Set("Idempotency-Key", q.key)
	}
	return r, nil
}

// attempt makes a call once and decodes its answer, unless that has no content. A
// refusal is a *Problem; an answer that did not come, or not whole, is lost.
func (h *caller) attempt(ctx context.Context, token string, q *request, answer any) (http.Header, error) {
	r, err := h.newRequest(ctx, token, q)
	if err != nil {
		return nil, err
	}
	resp, err := h.http.Do(r)
	if err != nil {
		return nil, &Lost{Err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return nil, problemOf(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFrame))
	if err != nil {
		return nil, &Lost{Err: err}
	}
	if answer == nil || len(body) == 0 {
		return resp.Header, nil
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return nil, &Lost{Err: fmt.Errorf("the answer to %s %s: %w", q.method, q.path, err), refused: true}
	}
	return resp.Header, nil
}

// problemOf reads a refusal. One that is not the chat's own, such as a proxy's, is a
// Problem with the code "http_502" or what its status is.
func problemOf(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	p := &Problem{}
	if json.Unmarshal(body, p) != nil || p.Code == "" {
		if err != nil {
			return &Lost{Err: err} // it was cut: let it be asked again
		}
		p = &Problem{
			Code: "http_" + strconv.Itoa(resp.StatusCode), Title: http.StatusText(resp.StatusCode),
		}
	}
	p.Status = resp.StatusCode
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n >= 0 {
		p.RetryAfter = n
	}
	return p
}

// persist does something until it is done, refused, or ctx or the client ends. last
// is what the attempt before came to, nil at the first.
func (c *Client) persist(ctx context.Context, once func(ctx context.Context, token string) error) error {
	wait := c.newBackoff()
	var refused refusals
	var last error
	for {
		token, err := c.creds.current(ctx)
		if err == nil {
			err = once(ctx, token)
		}
		advised := time.Duration(0)
		var p *Problem
		var l *Lost
		switch {
		case err == nil:
			return nil
		case c.ctx.Err() != nil:
			return &givenUp{context.Cause(c.ctx), last}
		case ctx.Err() != nil:
			return &givenUp{context.Cause(ctx), last}
		case errors.As(err, &l): // also for credentials that have expired: the connection gets others
			if l.final {
				return err
			}
			advised = l.advised
		case isUnauthenticated(err):
			if refused.final(token) || !c.creds.drop(ctx, token) {
				return err
			}
			last = err
			continue
		case errors.As(err, &p):
			if !p.passes() {
				return err
			}
			advised = time.Duration(p.RetryAfter) * time.Second
		default:
			return err
		}
		last = err
		if err := c.pause(ctx, wait.next(advised)); err != nil {
			return &givenUp{err, last}
		}
	}
}

// givenUp says why persist has ended without an answer.
type givenUp struct{ why, last error }

func (g *givenUp) Error() string {
	if g.last == nil {
		return g.why.Error()
	}
	return fmt.Sprintf("%v; the last attempt: %v", g.why, g.last)
}

func (g *givenUp) Unwrap() []error {
	if g.last == nil {
		return []error{g.why}
	}
	return []error{g.why, g.last}
}

// call makes a call that is safe to repeat until it is answered.
func (c *Client) call(ctx context.Context, q *request, answer any) error {
	return c.persist(ctx, func(ctx context.Context, token string) error {
		_, err := c.callOnce(ctx, token, q, answer)
		return err
	})
}

// callOnce makes a call in the time that a call has. It ends with the client.
func (c *Client) callOnce(ctx context.Context, token string, q *request, answer any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.CallTimeout)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	return c.caller.attempt(ctx, token, q, answer)
}
