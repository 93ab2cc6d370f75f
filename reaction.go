package chat

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/roomlog/chat/store"
)

// firstFew is how many users a reaction names.
const firstFew = 3

// maxEmojis is how many different ones a message may have.
const maxEmojis = 100

// ReactionPolicy says how many reactions a user may have to one message.
type ReactionPolicy int

// The policies.
const (
	OneOfEach  ReactionPolicy = iota // any emojis, each once
	AnyNumber                        // any emojis, each any number of times
	OnePerUser                       // one: another takes its place
)

// Reaction is one emoji under a message.
type Reaction struct {
	Emoji string `json:"emoji"`
	Count int    `json:"count"` // of reactions, not of users
	Mine  bool   `json:"mine"`  // the viewer is among them
	Users []User `json:"users"` // the first few, oldest first, under the names of that moment
}

// tally is the row of one emoji under a message.
type tally struct {
	count uint64
	first ID     // the oldest reaction: emojis stand in this order
	users []User // the first few
}

func parseTally(value string) tally {
	b := []byte(value)
	count, n := binary.Uvarint(b)
	if n <= 0 {
		return tally{}
	}
	t := tally{count: count, first: idAt(value[n:])}
	b = b[n+len(t.first):]
	for len(b) > 0 {
		var u User
		u.ID, b = cutString(b)
		u.Name, b = cutString(b)
		t.users = append(t.users, u)
	}
	return t
}

func (t tally) value() string {
	b := binary.AppendUvarint(nil, t.count)
	b = append(b, t.first[:]...)
	for _, u := range t.users {
		b = binary.AppendUvarint(b, uint64(len(u.ID)))
		b = append(b, u.ID...)
		b = binary.AppendUvarint(b, uint64(len(u.Name)))
		b = append(b, u.Name...)
	}
	return string(b)
}

func cutString(b []byte) (string, []byte) {
	n, w := binary.Uvarint(b)
	return string(b[w : w+int(n)]), b[w+int(n):]
}

// addReaction folds a ReactionAdded.
func addReaction(rows store.Rows, number uint32, message ID, emoji string, r *store.Record) {
	key := reactionKey(number, message, emoji, r.UserID)
	ids, again := rows.Get(key)
	rows.Set(key, ids+string(r.ID[:]))
	rows.Set(reactionOrderKey(number, message, emoji, r.ID), r.UserID+"\x00"+r.UserName)

	value, _ := rows.Get(reactionCountKey(number, message, emoji))
	t := parseTally(value)
	if t.count == 0 {
		t.first = r.ID
	}
	t.count++
	if !again && len(t.users) < firstFew {
		t.users = append(t.users, User{ID: r.UserID, Name: r.UserName})
	}
	rows.Set(reactionCountKey(number, message, emoji), t.value())
}

// removeReaction folds a ReactionRemoved.
func removeReaction(rows store.Rows, number uint32, message ID, emoji string, r *store.Record) {
	key := reactionKey(number, message, emoji, r.UserID)
	ids, has := rows.Get(key)
	if !has {
		return
	}
	newest := len(ids) - len(r.ID)
	rows.Delete(reactionOrderKey(number, message, emoji, idAt(ids[newest:])))
	if rows.Delete(key); newest > 0 {
		rows.Set(key, ids[:newest])
	}

	value, _ := rows.Get(reactionCountKey(number, message, emoji))
	t := parseTally(value)
	if t.count <= 1 {
		rows.Delete(reactionCountKey(number, message, emoji))
		return
	}
	t.count--
	if newest > 0 {
		rows.Set(reactionCountKey(number, message, emoji), t.value())
		return // they have others there, older ones
	}
	for _, u := range t.users {
		if u.ID == r.UserID { // another one moves up
			t.first, t.users = firstReactions(rows, number, message, emoji)
			break
		}
	}
	rows.Set(reactionCountKey(number, message, emoji), t.value())
}

// firstReactions returns the oldest reaction of an emoji under a message and
// the first few users.
func firstReactions(v store.View, number uint32, message ID, emoji string) (first ID, users []User) {
	prefix := reactionOrderKey(number, message, emoji, Start)
	prefix = prefix[:len(prefix)-len(Start)]
	end := prefix[:len(prefix)-1] + "\x01"
	for key, value := range v.Ascend(prefix, end) {
		if len(users) == 0 {
			first = idAt(key[len(prefix):])
		}
		id, name, _ := strings.Cut(value, "\x00")
		if hasUser(users, id) {
			continue
		}
		users = append(users, User{ID: id, Name: name})
		if len(users) == firstFew {
			break
		}
	}
	return first, users
}

// readReactions returns the reactions to the messages from first to last.
func readReactions(v store.View, room store.Room, first, last ID, viewer string) map[ID][]Reaction {
	type ordered struct {
		Reaction
		first ID
	}
	found := make(map[ID][]ordered)
	for key, value := range v.Ascend(messageRange(rowReactionCount, room.Number, first, last)) {
		message, emoji := messageOf(key)
		t := parseTally(value)
		r := Reaction{Emoji: emoji, Count: int(t.count), Users: t.users}
		r.Mine = viewer != "" && isAmong(v, room, message, r, viewer)
		found[message] = append(found[message], ordered{r, t.first})
	}
	reactions := make(map[ID][]Reaction, len(found))
	for message, list := range found {
		slices.SortFunc(list, func(a, b ordered) int { return a.first.Compare(b.first) })
		for _, r := range list {
			reactions[message] = append(reactions[message], r.Reaction)
		}
	}
	return reactions
}

// isAmong reports whether the viewer is among those who reacted.
func isAmong(v store.View, room store.Room, message ID, r Reaction, viewer string) bool {
	if slices.ContainsFunc(r.Users, func(u User) bool { return u.ID == viewer }) {
		return true
	}
	if r.Count <= len(r.Users) {
		return false
	}
	_, ok := v.Get(reactionKey(room.Number, message, r.Emoji, viewer))
	return ok
}
