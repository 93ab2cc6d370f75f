package ws

import (
	"encoding/binary"
	"encoding/json"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// maxFrame is the most bytes of events that go into one frame, unless a single
// event is larger.
const maxFrame = 64 << 10

// eventFrame is the owner of the frames of single events, told by its address.
var eventFrame = &struct{ _ byte }{}

// frame returns the frame of one event, which all sockets share.
func frame(e chat.Event) []byte { return e.Frame(eventFrame, encode) }

func encode(e chat.Event) []byte {
	return appendEvents(make([]byte, 0, len(e.JSON())+len(e.Room)+40), e.Room, []chat.Event{e})
}

// The text of a frame of events, around the room and the events.
const (
	eventsHead = `{"room":"`
	eventsMid  = `","events":[`
	eventsTail = `]}`
)

// sizeOf returns the size of the text of a frame of events.
func sizeOf(room string, events []chat.Event) int {
	n := len(eventsHead) + len(room) + len(eventsMid) + len(events) - 1 + len(eventsTail)
	for i := range events {
		n += len(events[i].JSON())
	}
	return n
}

// appendEvents appends the events of a room as one text frame.
func appendEvents(b []byte, room string, events []chat.Event) []byte {
	b = appendHeader(b, ws.OpText, sizeOf(room, events))
	b = append(b, eventsHead...)
	b = append(b, room...) // a room id holds nothing to escape
	b = append(b, eventsMid...)
	for i := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, events[i].JSON()...)
	}
	return append(b, eventsTail...)
}

// appendHeader appends the header of a frame that is whole and, as all that a
// server sends, not masked.
func appendHeader(b []byte, op ws.OpCode, n int) []byte {
	b = append(b, 0x80|byte(op))
	switch {
	case n < 126:
		return append(b, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
}

// appendText appends a text frame.
func appendText(b, text []byte) []byte {
	return append(appendHeader(b, ws.OpText, len(text)), text...)
}

// appendJSON appends a text frame of what we made ourselves.
func appendJSON(b []byte, body any) []byte { return appendText(b, marshal(body)) }

func marshal(body any) []byte {
	text, err := json.Marshal(body)
	if err != nil { // only what we made: it cannot
		panic(err)
	}
	return text
}

// appendAnswer appends the answer to the request with the id re, a JSON string;
// nil leaves it out. field is ok or error.
func appendAnswer(b []byte, re []byte, field string, body []byte) []byte {
	text := make([]byte, 0, len(re)+len(field)+len(body)+16)
	text = append(text, '{')
	if re != nil {
		text = append(text, `"re":`...)
		text = append(text, re...)
		text = append(text, ',')
	}
	text = append(text, '"')
	text = append(text, field...)
	text = append(text, `":`...)
	text = append(text, body...)
	return appendText(b, append(text, '}'))
}

func appendReset(b []byte, s transport.Standing) []byte {
	type reset struct {
		Reason string  `json:"reason"`
		Floor  chat.ID `json:"floor"`
		Head   chat.ID `json:"head"`
	}
	return appendJSON(b, struct {
		Room  string `json:"room"`
		Reset reset  `json:"reset"`
	}{s.Room, reset{s.Reason, s.Floor, s.Head}})
}

func appendLive(b []byte, room string, cursor chat.ID) []byte {
	return appendJSON(b, struct {
		Room string  `json:"room"`
		Live chat.ID `json:"live"`
	}{room, cursor})
}

func appendEnd(b []byte, room, reason string) []byte {
	type end struct {
		Reason string `json:"reason"`
	}
	return appendJSON(b, struct {
		Room string `json:"room"`
		End  end    `json:"end"`
	}{room, end{reason}})
}

func appendHello(b []byte, g *transport.Gate, user chat.User) []byte {
	type hello struct {
		V         int              `json:"v"`
		Store     string           `json:"store"`
		User      chat.User        `json:"user"`
		Heartbeat int64            `json:"heartbeat_ms"`
		Limits    transport.Limits `json:"limits"`
	}
	return appendJSON(b, struct {
		Hello hello `json:"hello"`
	}{hello{1, g.Chat().StoreID(), user, g.Options().Heartbeat.Milliseconds(), g.Limits()}})
}
