//go:build linux

package load_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// posters is how many post, in turns, so that one whose answer takes long does
// not hold up the others. They are no clients of package client, as the readers are
// not: those send again what was refused or lost, and come back when they are cut,
// and that is what a run is to fail for.
const posters = 8

// site is the API as a client sees it.
type site struct {
	url    string
	client *http.Client
}

func newSite(port int) *site {
	return &site{
		url:    fmt.Sprintf("http://127.0.0.1:%d", port),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: posters}, Timeout: patience},
	}
}

// post posts n texts of that size, rate a second from began on, and returns how
// long it took. A text is stamped with when it was due: a server that is late
// with one answer is not forgiven what waits behind.
func (s *site) post(ctx context.Context, began time.Time, n, rate, size int) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for p := range posters {
		name := token(fmt.Sprintf("poster%d", p))
		all.Go(func() {
			for number := p; number < n; number += posters {
				due := time.Duration(number) * time.Second / time.Duration(rate)
				select {
				case <-time.After(due - time.Since(began)):
				case <-ctx.Done():
					return
				}
				body := `{"text":"` + text(number, due, size) + `"}`
				if _, err := s.call(ctx, name, "POST", "/rooms/"+room+"/messages", body); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(began), context.Cause(ctx)
}

func (s *site) call(ctx context.Context, token, method, path, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
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

// log returns the numbers of the posts as the log has them.
func (s *site) log(ctx context.Context) (numbers []int, err error) {
	_, err = s.pages(ctx, func(page []byte) {
		stamps(nil, page, func(number int, _ time.Duration) { numbers = append(numbers, number) })
	})
	return numbers, err
}

// pages calls f with each page of the log, and returns how many events there are.
func (s *site) pages(ctx context.Context, f func(page []byte)) (events int, err error) {
	for after := "earliest"; ; {
		answer, err := s.call(ctx, token("host"), "GET", "/rooms/"+room+"/log?limit=1000&after="+after, "")
		if err != nil {
			return 0, err
		}
		var page struct {
			Events []json.RawMessage
			Next   string
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			return 0, err
		}
		if len(page.Events) == 0 {
			return events, nil
		}
		events += len(page.Events)
		f(answer)
		after = page.Next
	}
}
