package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Frame is what a stream or a socket has brought: an event, or the word that all
// is there (Live), where it begins (Verdict), or that it ends (End).
type Frame struct {
	Room    string // of a socket's frame
	Event   *Event
	Live    string
	Verdict string // of a hello, or of the answer to a subscription
	End     string // why a stream is ended
}

// Stream reads a stream of rooms behind a cursor and hands on what it brings,
// until it ends or take returns an error, and returns that. It never returns nil.
func (c *Client) Stream(ctx context.Context, rooms []string, after string, take func(Frame) error) error {
	query := url.Values{"room": rooms}
	request, err := http.NewRequestWithContext(ctx, "GET", c.URL+"/events?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("Last-Event-ID", after)
	response, err := c.HTTP.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("stream: status %d", response.StatusCode)
	}
	lines := bufio.NewReaderSize(response.Body, 64<<10)
	var id, kind string
	var data []byte
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err // a line that was cut in two was never said
		}
		line = line[:len(line)-1]
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case string(name) == "id":
			id = string(value)
		case string(name) == "event":
			kind = string(value)
		case string(name) == "data":
			data = append(data, value...)
		case len(line) == 0 && data != nil:
			f, err := frameOf(id, kind, data)
			if err == nil && f != nil {
				err = take(*f)
			}
			if err != nil {
				return err
			}
			id, kind, data = "", "", nil
		}
	}
}

// frameOf understands one event of a stream; nil is one that is of no interest.
func frameOf(id, kind string, data []byte) (*Frame, error) {
	switch kind {
	case "":
		e, err := ParseEvent(data)
		if err == nil && e.ID != id {
			err = fmt.Errorf("event %s has the id %q on its stream", e.ID, id)
		}
		return &Frame{Room: e.Room, Event: &e}, err
	case "chat.hello":
		var hello struct{ Verdict string }
		err := json.Unmarshal(data, &hello)
		return &Frame{Verdict: hello.Verdict}, err
	case "chat.live":
		var live struct{ Cursor string }
		err := json.Unmarshal(data, &live)
		return &Frame{Live: live.Cursor}, err
	case "chat.end":
		var end struct{ Reason string }
		err := json.Unmarshal(data, &end)
		return &Frame{End: end.Reason}, err
	}
	return nil, nil
}
