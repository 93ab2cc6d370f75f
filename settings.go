package chat

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/roomlog/chat/store"
)

// roomSettings are what a room is, as its facts since RoomCreated say. They
// stand in a row as JSON, and what every decision needs of them in the tag.
type roomSettings struct {
	RoomKind RoomKind        `json:"kind"`
	Title    string          `json:"title,omitempty"`
	Topic    string          `json:"topic,omitempty"`
	SlowMode int             `json:"slow_mode_s,omitempty"`
	History  Visibility      `json:"history,omitempty"`
	Receipts bool            `json:"receipts,omitempty"`
	Meta     json.RawMessage `json:"meta,omitempty"`
	Archived bool            `json:"archived,omitempty"`
	Direct   string          `json:"direct,omitempty"` // the row that finds it by its members, in hexadecimal
}

// getSettings returns the settings of a room. One without a row is public and
// has no name.
func getSettings(v store.View, number uint32, r rules) roomSettings {
	s := roomSettings{RoomKind: r.kind}
	if value, ok := v.Get(settingsKey(number)); ok {
		_ = json.Unmarshal([]byte(value), &s) // we wrote it
	}
	s.Archived = r.archived
	if s.History == "" {
		s.History = SeeAll
	}
	return s
}

func (s roomSettings) value() string {
	b, err := json.Marshal(s)
	if err != nil { // strings, numbers and JSON that has been checked: it cannot
		panic(err)
	}
	return string(b)
}

// with returns the settings after a change that has been cleaned.
func (s roomSettings) with(f RoomChanged) (roomSettings, error) {
	if f.RoomKind != "" {
		s.RoomKind = f.RoomKind
		if f.RoomKind == Public && f.History == "" {
			s.History = SeeAll
		}
	}
	if f.Title != nil {
		s.Title = *f.Title
	}
	if f.Topic != nil {
		s.Topic = *f.Topic
	}
	if f.SlowMode != nil {
		s.SlowMode = *f.SlowMode
	}
	if f.History != "" {
		s.History = f.History
	}
	if f.Receipts != nil {
		s.Receipts = *f.Receipts
	}
	if len(f.Meta) > 0 {
		s.Meta = f.Meta
		if string(f.Meta) == "null" {
			s.Meta = nil
		}
	}
	if f.Archived != nil {
		s.Archived = *f.Archived
	}
	if s.RoomKind == Public && s.History == SeeFromJoin {
		return s, ErrInvalidField.because("in a public room all see the whole history")
	}
	return s, nil
}

func (s roomSettings) equal(t roomSettings) bool {
	same := bytes.Equal(s.Meta, t.Meta)
	s.Meta, t.Meta = nil, nil
	return same && s.value() == t.value()
}

// fact returns the RoomChanged that says all of it.
func (s roomSettings) fact() RoomChanged {
	f := RoomChanged{
		RoomKind: s.RoomKind, Title: &s.Title, Topic: &s.Topic, SlowMode: &s.SlowMode,
		History: s.History, Receipts: &s.Receipts, Meta: s.Meta, Archived: &s.Archived,
	}
	if f.Meta == nil {
		f.Meta = json.RawMessage("null")
	}
	return f
}

// directRow names the set of the members of a direct room.
func directRow(members []User) [sha256.Size]byte {
	ids := make([]string, len(members))
	for i, u := range members {
		ids[i] = u.ID
	}
	slices.Sort(ids)
	var all []byte
	for _, id := range slices.Compact(ids) {
		all = append(append(all, id...), 0)
	}
	return sha256.Sum256(all)
}

func directKey(members []User) string {
	row := directRow(members)
	return string(append([]byte{rowDirect}, row[:]...))
}
