package chat

import (
	"encoding/json"

	"github.com/roomlog/chat/store"
)

// change is what apply reads of an event's data, over all types. Of an erased
// event only Message is left, and no more is needed of it.
type change struct {
	Message ID     `json:"message"`
	Emoji   string `json:"emoji"`
	Member  User   `json:"member"`
	Role    string `json:"role"`
}

// apply folds one event into the rows of its room. It is the store's
// Options.Apply: it never refuses, reads and writes rows of the event's own
// room alone, reads no record, and knows neither clock nor chance, so that a
// rebuild and a fold from any checkpoint end in the same rows.
func apply(rows store.Rows, room store.Room, r *store.Record) {
	switch r.Type {
	case kindMessageEdited, kindMessageDeleted, kindReactionAdded, kindReactionRemoved,
		kindUserJoined, kindUserLeft:
	default:
		return // above all a MessagePosted
	}
	var c change
	if err := json.Unmarshal(dataOf(r.Body), &c); err != nil {
		return
	}
	switch r.Type {
	case kindUserJoined:
		applyJoin(rows, room, c, r.ID)
		return
	case kindUserLeft:
		applyLeave(rows, room, c)
		return
	}
	if c.Message.Compare(r.ID) >= 0 {
		return
	}
	// What speaks of a message that retention took leaves nothing: trim removed
	// its rows where they had been written before. But that there are edits is
	// remembered as long as they are in the log, so that they can be erased.
	if c.Message.Compare(room.Floor) <= 0 {
		switch r.Type {
		case kindMessageEdited:
			rows.Set(editKey(room.Number, c.Message, r.ID), "")
		case kindMessageDeleted:
			deleteMessageRows(rows, room.Number, c.Message, c.Message)
		}
		return
	}
	state := getMessageState(rows, room.Number, c.Message)
	if state.deleted {
		return
	}
	switch r.Type {
	case kindMessageEdited:
		rows.Set(messageStateKey(room.Number, c.Message), messageState{edited: true, by: r.ID}.value())
		rows.Set(editKey(room.Number, c.Message, r.ID), "")
	case kindMessageDeleted:
		deleteMessageRows(rows, room.Number, c.Message, c.Message)
		rows.Set(messageStateKey(room.Number, c.Message), messageState{deleted: true, by: r.ID}.value())
	case kindReactionAdded:
		addReaction(rows, room.Number, c.Message, c.Emoji, r)
	case kindReactionRemoved:
		removeReaction(rows, room.Number, c.Message, c.Emoji, r)
	}
}

func applyJoin(rows store.Rows, room store.Room, c change, id ID) {
	if isMember(rows, room, c.Member.ID) {
		return
	}
	rows.Set(memberKey(room.Number, c.Member.ID), memberValue(id, c.Role, c.Member.Name))
	rows.Set(roomOfUserKey(c.Member.ID, room.Number), room.ID)
	setMemberCount(rows, room.Number, memberCount(rows, room.Number)+1)
}

func applyLeave(rows store.Rows, room store.Room, c change) {
	if !isMember(rows, room, c.Member.ID) {
		return
	}
	rows.Delete(memberKey(room.Number, c.Member.ID))
	rows.Delete(roomOfUserKey(c.Member.ID, room.Number))
	setMemberCount(rows, room.Number, memberCount(rows, room.Number)-1)
}

// trim removes the rows that speak of messages at or below the room's floor,
// but for their edits above it. It is the store's Options.Trim.
func trim(rows store.Rows, room store.Room) {
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

// deleteMessageRows removes all rows about messages from first to last.
func deleteMessageRows(rows store.Rows, number uint32, first, last ID) {
	for _, table := range messageRows {
		var keys []string // rows are not to be changed while they are walked
		for key := range rows.Ascend(messageRange(table, number, first, last)) {
			keys = append(keys, key)
		}
		for _, key := range keys {
			rows.Delete(key)
		}
	}
}
