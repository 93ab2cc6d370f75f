package chat

import (
	"bytes"
	"encoding/json"

	"github.com/roomlog/chat/store"
)

// references are what an erased event keeps of its data: which message it
// speaks of, answers or belongs to.
type references struct {
	Message string `json:"message,omitempty"`
	ReplyTo string `json:"reply_to,omitempty"`
	Thread  string `json:"thread,omitempty"`
}

// erase returns the body that takes the place of r's: id, room, type, time and
// user, the mark, and of the data only the references. It is the store's
// Options.Erase. Where r has no body any more it makes one of the header.
func erase(r *store.Record) []byte {
	if r.Body == nil {
		return encodeErased(r)
	}
	head, _, _ := bytes.Cut(r.Body, []byte(beforeData))
	head, _, _ = bytes.Cut(head, []byte(beforeKey))
	if bytes.HasSuffix(head, []byte(erasedMark)) {
		return r.Body
	}
	var refs references
	_ = json.Unmarshal(dataOf(r.Body), &refs) // what cannot be read is not kept
	data, err := json.Marshal(refs)
	if err != nil {
		data = []byte("{}")
	}
	b := make([]byte, 0, len(head)+len(erasedMark)+len(beforeData)+len(data)+1)
	b = append(b, head...)
	b = append(b, erasedMark...)
	b = append(b, beforeData...)
	b = append(b, data...)
	return append(b, '}')
}

// encodeErased makes the erased JSON of a record of which only the header is
// left.
func encodeErased(r *store.Record) []byte {
	d := store.Draft{Room: r.Room, Type: r.Type, UserID: r.UserID, UserName: r.UserName}
	encode(&d, Custom{Type: r.Type, Data: json.RawMessage("{}")})
	copy(d.Body[d.IDAt:], r.ID.String())
	copy(d.Body[d.TimeAt:], r.At.UTC().Format(timeFormat))
	return erase(&store.Record{Body: d.Body})
}
