package chat

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/roomlog/chat/store"
)

// change is what apply reads of an event's data, over all types. Of an erased
// event only the references are left, and no more is needed of it.
type change struct {
	Message  ID        `json:"message"`
	ReplyTo  ID        `json:"reply_to"`
	Thread   ID        `json:"thread"`
	Mentions []string  `json:"mentions"`
	Emoji    string    `json:"emoji"`
	Member   User      `json:"member"`
	Role     Role      `json:"role"`
	Reason   string    `json:"reason"`
	Until    time.Time `json:"until"`
}

// plainPost begins the data of a message that nothing refers from: most are.
var plainPost = []byte(`{"text":`)

// apply folds one event into the rows of its room. It is the store's
// Options.Apply: it never refuses, reads and writes rows of the event's own
// room alone, reads no record, and knows neither clock nor chance, so that a
// rebuild and a fold from any checkpoint end in the same rows.
func apply(rows store.Rows, room *store.Room, r *store.Record) {
	if room.Tag == "" && r.Type == kindMessagePosted && bytes.HasPrefix(dataOf(r.Body), plainPost) {
		return // nearly always
	}
	f := folding{rows: rows, room: *room, rules: rulesOf(*room), record: r}
	if f.rules.deleted { // whatever comes after a deletion begins the room anew
		f.rules.deleted, f.rules.again = false, true
	}
	f.fold()
	room.Tag = f.rules.tag()
}

// folding is one event on its way into the rows.
type folding struct {
	change
	rows   store.Rows
	room   store.Room
	rules  rules // to be changed, and kept as the room's tag
	record *store.Record
}

func (f *folding) fold() {
	r := f.record
	switch r.Type {
	case kindRoomArchived:
		f.rules.archived = true
		return
	case kindRoomDeleted:
		f.deleteRoom()
		return
	case kindRoomCreated, kindRoomChanged:
		f.settings()
		return
	}
	if r.Type == kindMessagePosted {
		f.slowDown()
		if bytes.HasPrefix(dataOf(r.Body), plainPost) {
			return
		}
	}
	if err := json.Unmarshal(dataOf(r.Body), &f.change); err != nil {
		return
	}
	switch r.Type {
	case kindMessagePosted:
		f.post()
	case kindMessageEdited, kindMessageDeleted, kindReactionAdded, kindReactionRemoved:
		f.message()
	case kindUserJoined:
		f.join()
	case kindUserLeft:
		f.leave()
	case kindUserBanned:
		f.mark(banKey(f.room.Number, f.Member.ID), &f.rules.banned)
	case kindUserUnbanned:
		f.unmark(banKey(f.room.Number, f.Member.ID), &f.rules.banned)
	case kindUserMuted:
		f.mark(muteKey(f.room.Number, f.Member.ID), &f.rules.muted)
	case kindUserUnmuted:
		f.unmark(muteKey(f.room.Number, f.Member.ID), &f.rules.muted)
	case kindRoleChanged:
		f.setRole()
	}
}

// trim removes the rows that speak of messages at or below the room's floor,
// but for their edits above it. It is the store's Options.Trim.
func trim(rows store.Rows, room store.Room) {
	removeMentions(rows, room.Number, Start, room.Floor)
	for _, table := range messageRows {
		var keys []string // rows are not to be changed while they are walked
		for key := range rows.Ascend(messageRange(table, room.Number, Start, room.Floor)) {
			if table == rowEdit && editOf(key).Compare(room.Floor) > 0 {
				continue
			}
			keys = append(keys, key)
		}
		for _, key := range keys {
			rows.Delete(key)
		}
	}
}
