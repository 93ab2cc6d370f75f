package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Client calls the API as one user.
type Client struct {
	URL   string // of the API
	Token string
	HTTP  *http.Client
}

// NewHTTP returns an HTTP client for many clients. Its answers come within limit;
// 0 is no limit.
func NewHTTP(limit time.Duration) *http.Client {
	return &http.Client{Timeout: limit, Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}
}

// Answer is what a call was answered with.
type Answer struct {
	Status   int
	Code     string // of a problem
	Replayed bool
	Body     []byte
	Header   http.Header
}

// Call calls the API once. An error means that no whole answer came: what was
// asked for may have been done.
func (c *Client) Call(ctx context.Context, method, path string, body any) (Answer, error) {
	var raw io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		raw = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, raw)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
		request.GetBody = nil // no second try that nobody knows of
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	response, err := c.HTTP.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	a := Answer{Status: response.StatusCode, Header: response.Header, Replayed: response.Header.Get("Idempotent-Replayed") == "true"}
	if a.Body, err = io.ReadAll(response.Body); err != nil {
		return Answer{}, err
	}
	if a.Status >= 400 {
		var problem struct{ Code string }
		if err := json.Unmarshal(a.Body, &problem); err != nil {
			return a, fmt.Errorf("status %d with body %.100q: %w", a.Status, a.Body, err)
		}
		a.Code = problem.Code
	}
	return a, nil
}

// Post posts a message with a key, once.
func (c *Client) Post(ctx context.Context, room, key, text string) (Answer, error) {
	return c.Call(ctx, "POST", "/rooms/"+room+"/messages", map[string]string{"text": text, "key": key})
}

// Join makes a room, or joins it.
func (c *Client) Join(ctx context.Context, room string) (Answer, error) {
	return c.Call(ctx, "POST", "/rooms/"+room+"/join", nil)
}

// Log reads the log of a room to its end.
func (c *Client) Log(ctx context.Context, room string) (events []Event, err error) {
	for after := "earliest"; ; {
		a, err := c.Call(ctx, "GET", "/rooms/"+room+"/log?limit=1000&after="+url.QueryEscape(after), nil)
		if err != nil {
			return nil, err
		}
		if a.Status != http.StatusOK {
			return nil, fmt.Errorf("log of %s: status %d %s", room, a.Status, a.Code)
		}
		var page struct {
			Events []json.RawMessage
			Next   string
		}
		if err := json.Unmarshal(a.Body, &page); err != nil {
			return nil, err
		}
		if len(page.Events) == 0 {
			return events, nil
		}
		for _, raw := range page.Events {
			e, err := ParseEvent(raw)
			if err != nil {
				return nil, err
			}
			events = append(events, e)
		}
		after = page.Next
	}
}
