package main

import (
	"encoding/binary"
	"time"

	"github.com/roomlog/chat"
)

// What the servers beside the chat deliver has the form and the length of the
// chat's events, so that the bytes of a delivery are the same.

// blank is what stands for the id until it is known.
const blank = "00000000000000000000000000"

// appendEvent appends an event whose id is blank, and returns where the id is.
func appendEvent(b []byte, room, user, text string) (event []byte, id int) {
	b = append(b, `{"id":"`...)
	id = len(b)
	b = append(b, blank...)
	b = append(b, `","room":"`...)
	b = append(b, room...)
	b = append(b, `","type":"MessagePosted","at":"`...)
	b = time.Now().UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","user":{"id":"`...)
	b = append(b, user...)
	b = append(b, `","name":"Somebody"},"data":{"text":"`...)
	b = append(b, text...) // the texts here need no escapes
	return append(b, `"}}`...), id
}

// appendStream appends an event as a stream has it.
func appendStream(b, event, id []byte) []byte {
	b = append(b, "id: "...)
	b = append(b, id...)
	b = append(b, "\ndata: "...)
	b = append(b, event...)
	return append(b, "\n\n"...)
}

// appendMessage appends an event as the message of a socket.
func appendMessage(b, event []byte, room string) []byte {
	b = append(b, `{"room":"`...)
	b = append(b, room...)
	b = append(b, `","events":[`...)
	b = append(b, event...)
	return append(b, `]}`...)
}

// appendFrame appends the head of a server's text frame of n bytes, which is
// less than 64 KiB (RFC 6455, 5.2).
func appendFrame(b []byte, n int) []byte {
	if n < 126 {
		return append(b, 0x81, byte(n))
	}
	return binary.BigEndian.AppendUint16(append(b, 0x81, 126), uint16(n))
}

// numberID returns the id of the n-th event as text.
func numberID(dst []byte, key *[16]byte) {
	_ = chat.ID(*key).MarshalTextTo(dst) // fails only on a dst of another length
}
