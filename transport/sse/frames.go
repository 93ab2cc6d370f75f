package sse

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// Why a stream ends.
const (
	endForbidden = "forbidden"
	endExpired   = "expired"
	endDraining  = "draining"
	endTooMany   = "too_many"
)

// encoding is what events become on a stream. Its address tells the frames that
// it has made from those of others.
type encoding struct {
	encode func(chat.Event) []byte
}

// frame returns the frame of an event, which all streams of the encoding share.
func (c *encoding) frame(e chat.Event) []byte { return e.Frame(c, c.encode) }

// The encodings of the streams of all chats whose data are JSON.
var plainJSON, namedJSON = &encoding{encodePlain}, &encoding{encodeNamed}

func encodePlain(e chat.Event) []byte {
	body := e.JSON()
	b := make([]byte, 0, len(body)+len("id: \ndata: \n\n")+26)
	return appendEvent(b, e.ID, body)
}

func encodeNamed(e chat.Event) []byte {
	body := e.JSON()
	b := make([]byte, 0, len(body)+len("event: \nid: \ndata: \n\n")+26+len(e.Type))
	return appendEvent(appendType(b, e.Type), e.ID, body)
}

// appendType appends the type of an event, which is one word.
func appendType(b []byte, kind string) []byte {
	b = append(b, "event: "...)
	b = append(b, kind...)
	return append(b, '\n')
}

// appendEvent appends an id and a body, which is one line.
func appendEvent(b []byte, id chat.ID, body []byte) []byte {
	b = appendID(b, id)
	b = append(b, "data: "...)
	b = append(b, body...)
	return append(b, "\n\n"...)
}

func appendID(b []byte, id chat.ID) []byte {
	b = append(b, "id: "...)
	b = append(b, id.String()...)
	return append(b, '\n')
}

// appendSignal appends what is not stored: a name that begins with "chat." and
// no id.
func appendSignal(b []byte, name string, data any) []byte {
	body, err := json.Marshal(data)
	if err != nil { // only what we made: it cannot
		panic(err)
	}
	b = append(b, "event: chat."...)
	b = append(b, name...)
	b = append(b, "\ndata: "...)
	b = append(b, body...)
	return append(b, "\n\n"...)
}

// appendNews appends a signal. Those of the host's own come under one name, and tell
// theirs.
func appendNews(b []byte, s chat.Signal) []byte {
	name, kind := s.Name, ""
	switch s.Name {
	case chat.SignalTyping, chat.SignalPresence, chat.SignalRead, chat.SignalRooms:
	default:
		name, kind = "signal", s.Name
	}
	b = append(b, "event: chat."...)
	b = append(b, name...)
	b = append(b, "\ndata: {"...)
	if s.Room != "" { // a room id holds nothing to escape
		b = append(b, `"room":"`...)
		b = append(b, s.Room...)
		b = append(b, `",`...)
	}
	if kind != "" { // nor does a kind
		b = append(b, `"signal":"`...)
		b = append(b, kind...)
		b = append(b, `",`...)
	}
	if len(s.Data) == len("{}") { // nothing follows the comma
		b = b[:len(b)-1]
	}
	b = append(b, s.Data[1:]...)
	return append(b, "\n\n"...)
}

// appendRetry appends how long a browser waits before it comes back.
func appendRetry(b []byte, d time.Duration) []byte {
	b = append(b, "retry: "...)
	b = strconv.AppendInt(b, d.Milliseconds(), 10)
	return append(b, "\n\n"...)
}

// jitter returns a time to come back after, between 1 and 4 seconds, so that
// those who lost their stream together do not come back together.
func jitter() time.Duration {
	return time.Second + rand.N(3*time.Second)
}

// ping is the frame of a stream that has been silent.
var ping = []byte("event: chat.ping\ndata: {}\n\n")

func appendHello(b []byte, store string, feed *transport.Feed, heartbeat time.Duration, limits transport.Limits) []byte {
	type room struct {
		Verdict transport.Verdict `json:"verdict"`
		Head    *chat.ID          `json:"head,omitempty"`
		Floor   *chat.ID          `json:"floor,omitempty"`
	}
	rooms, verdict := make(map[string]room), transport.Fresh
	var standings []transport.Standing
	if feed != nil {
		standings, verdict = feed.Standings(), feed.Verdict()
	}
	for _, s := range standings {
		r := room{Verdict: s.Verdict}
		if s.Verdict != transport.NotFound {
			r.Head, r.Floor = &s.Head, &s.Floor
		}
		rooms[s.Room] = r
	}
	return appendSignal(b, "hello", struct {
		V         int               `json:"v"`
		Store     string            `json:"store"`
		Verdict   transport.Verdict `json:"verdict"`
		Rooms     map[string]room   `json:"rooms"`
		Heartbeat int64             `json:"heartbeat_ms"`
		Limits    transport.Limits  `json:"limits"`
	}{1, store, verdict, rooms, heartbeat.Milliseconds(), limits})
}

// appendReset appends that a cursor was of no use in a room; room is empty on a
// stream that can only be of one.
func appendReset(b []byte, s transport.Standing, room string) []byte {
	return appendSignal(b, "reset", struct {
		Reason string  `json:"reason"`
		Floor  chat.ID `json:"floor"`
		Head   chat.ID `json:"head"`
		Room   string  `json:"room,omitempty"`
	}{s.Reason, s.Floor, s.Head, room})
}

// appendLive appends that the replay has caught up. withID makes the cursor the
// browser's own.
func appendLive(b []byte, cursor chat.ID, withID bool) []byte {
	if withID {
		b = appendID(b, cursor)
	}
	return appendSignal(b, "live", struct {
		Cursor chat.ID `json:"cursor"`
	}{cursor})
}

// appendEnd appends that the stream, or that of the room, ends on purpose.
func appendEnd(b []byte, reason, room string) []byte {
	return appendSignal(b, "end", struct {
		Reason string `json:"reason"`
		Room   string `json:"room,omitempty"`
	}{reason, room})
}
