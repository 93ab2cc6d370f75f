package chat

import (
	"encoding/hex"
	"encoding/json"

	"github.com/roomlog/chat/store"
)

// settings folds a RoomCreated, or a RoomChanged, which says everything.
func (f *folding) settings() {
	var fact struct {
		roomSettings
		Members []User `json:"members"`
	}
	if err := json.Unmarshal(dataOf(f.record.Body), &fact); err != nil {
		return
	}
	s := fact.roomSettings
	if f.record.Type == kindRoomChanged {
		s.Direct = getSettings(f.rows, f.room.Number, f.rules).Direct
	} else if s.RoomKind == Direct {
		key := directKey(fact.Members)
		f.rows.Set(key, f.room.ID)
		s.Direct = hex.EncodeToString([]byte(key))
	}
	if string(s.Meta) == "null" {
		s.Meta = nil
	}
	f.rules.kind, f.rules.archived, f.rules.slow = s.RoomKind, s.Archived, s.SlowMode
	f.rules.joined = s.History == SeeFromJoin
	s.Archived = false // told by the tag
	f.rows.Set(settingsKey(f.room.Number), s.value())
}

// deleteRoom leaves of the room that it is deleted.
func (f *folding) deleteRoom() {
	drop(f.rows, f.room)
	f.rules = rules{kind: Public, deleted: true}
}

// drop removes all rows about a room. It is the store's Options.Drop.
func drop(rows store.Rows, room store.Room) {
	if key, err := hex.DecodeString(getSettings(rows, room.Number, rules{}).Direct); err == nil && len(key) > 0 {
		// In what retention has folded, a newer room of the same members may stand there.
		if id, ok := rows.Get(string(key)); ok && id == room.ID {
			rows.Delete(string(key))
		}
	}
	for m := range members(rows, room.Number) {
		rows.Delete(roomOfUserKey(m.ID, room.Number))
	}
	removeMentions(rows, room.Number, Start, End)
	for _, table := range roomRows {
		removeRange(rows, string(tableKey(table, room.Number)), string(tableKey(table, room.Number+1)))
	}
}

// removeRange removes the rows in [from, to).
func removeRange(rows store.Rows, from, to string) {
	var keys []string // rows are not to be changed while they are walked
	for key := range rows.Ascend(from, to) {
		keys = append(keys, key)
	}
	for _, key := range keys {
		rows.Delete(key)
	}
}
