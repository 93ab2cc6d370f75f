package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// site is a server as one client sees it, for what need not be fast.
type site struct {
	kind   string
	url    string
	client *http.Client
}

func newSite(c *child, kind string) *site {
	return &site{kind: kind, url: fmt.Sprintf("http://127.0.0.1:%d", c.port), client: &http.Client{Timeout: patience}}
}

func (s *site) close() { s.client.CloseIdleConnections() }

func (s *site) call(method, path, body string) ([]byte, error) {
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token("host"))
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s %s", method, path, resp.Status, answer)
	}
	return answer, err
}

// furnish makes the rooms. Only the chat has to be told.
func (s *site) furnish(rooms int) error {
	if s.kind != "chat" {
		return nil
	}
	return s.each(rooms, func(name string) error {
		_, err := s.call("POST", "/rooms/"+name+"/join", "")
		return err
	})
}

// prime posts to all rooms until every reader was sent something. The chat has
// told so before.
func (s *site) prime(c *crowd) error {
	if s.kind == "chat" {
		return nil
	}
	for began := time.Now(); c.unready.Load() > 0; {
		if time.Since(began) > patience {
			return fmt.Errorf("%d readers were sent nothing", c.unready.Load())
		}
		err := s.each(c.rooms, func(name string) error {
			_, err := s.call("POST", "/rooms/"+name+"/messages", `{"text":"`+primer+`"}`)
			return err
		})
		if err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

// each calls f for all rooms, some at a time.
func (s *site) each(rooms int, f func(name string) error) error {
	const callers = 16
	var wg sync.WaitGroup
	var errs [callers]error
	for c := range callers {
		wg.Go(func() {
			for i := c; i < rooms && errs[c] == nil; i += callers {
				errs[c] = f(roomName(i))
			}
		})
	}
	wg.Wait()
	return firstError(errs[:]...)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
