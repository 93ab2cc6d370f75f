package chat

import (
	"encoding/binary"

	"github.com/roomlog/chat/store"
)

// The rows that apply folds events into. Keys begin with a letter for the
// table; number is the room's, 4 bytes big-endian; ids are their 16 bytes.
// Rows hold ids and names but never text, so that what was erased from the log
// is nowhere else. A plain MessagePosted writes none: history is the room's
// index of messages with these rows laid over.
//
//	g number                            → what the room is called: see roomSettings
//	d SHA-256 of member ids             → room id: the direct room of these members
//	m number user                       → id of the UserJoined, length of the role (1 byte), role, name
//	u user 0x00 number                  → room id: the rooms of a user
//	b number user                       → when the ban ends: see untilValue
//	q number user                       → when the muting ends: the same
//	l number user                       → when the user last posted in slow mode, Unix milliseconds, 8 bytes
//	s number message                    → 'e' and the id of the newest MessageEdited, or 'd' and that of the MessageDeleted
//	e number message edit               → nothing: all edits of a message that are in the log
//	p number message                    → id of the message that it is a reply to
//	t number message reply              → nothing: the thread of a message
//	k number message                    → replies that are not deleted, uvarint
//	x number message                    → the users it mentions, each followed by 0x00
//	y user 0x00 message                 → number: the messages that mention a user
//	z user 0x00 number message          → nothing: those of them that others wrote, by room
//	c number message emoji              → count, uvarint; id of the first reaction; the first three users,
//	                                      each as length (uvarint), id, length (uvarint), name
//	r number message emoji 0x00 user    → ids of the ReactionAddeds, oldest first
//	o number message emoji 0x00 id      → user id, 0x00, name: the same in the order of time
//
// foldVersion names them and the rules of apply: views that were written under
// another one are rebuilt.
const foldVersion = "3"

const (
	rowSettings      = 'g'
	rowDirect        = 'd'
	rowMember        = 'm'
	rowRoomOfUser    = 'u'
	rowBan           = 'b'
	rowMute          = 'q'
	rowLastPost      = 'l'
	rowMessageState  = 's'
	rowEdit          = 'e'
	rowReplyTo       = 'p'
	rowReply         = 't'
	rowReplyCount    = 'k'
	rowMention       = 'x'
	rowMentionOfUser = 'y'
	rowMentionInRoom = 'z'
	rowReactionCount = 'c'
	rowReaction      = 'r'
	rowReactionOrder = 'o'
)

// messageRows are the tables whose rows speak of one message of a room.
var messageRows = [...]byte{
	rowMessageState, rowEdit, rowReplyTo, rowReply, rowReplyCount, rowMention,
	rowReactionCount, rowReaction, rowReactionOrder,
}

// erasedRows are those of messageRows that go when the message is deleted: its
// replies stay.
var erasedRows = [...]byte{
	rowMessageState, rowEdit, rowReplyTo, rowMention, rowReactionCount, rowReaction, rowReactionOrder,
}

// roomRows are the tables whose rows begin with the number of a room.
var roomRows = [...]byte{
	rowSettings, rowMember, rowBan, rowMute, rowLastPost,
	rowMessageState, rowEdit, rowReplyTo, rowReply, rowReplyCount, rowMention,
	rowReactionCount, rowReaction, rowReactionOrder,
}

// tableKey begins the key of a row about a room.
func tableKey(table byte, number uint32) []byte {
	b := make([]byte, 0, 64)
	b = append(b, table)
	return binary.BigEndian.AppendUint32(b, number)
}

func settingsKey(number uint32) string { return string(tableKey(rowSettings, number)) }

func memberKey(number uint32, user string) string {
	return string(append(tableKey(rowMember, number), user...))
}

func banKey(number uint32, user string) string {
	return string(append(tableKey(rowBan, number), user...))
}

func muteKey(number uint32, user string) string {
	return string(append(tableKey(rowMute, number), user...))
}

func lastPostKey(number uint32, user string) string {
	return string(append(tableKey(rowLastPost, number), user...))
}

func roomOfUserKey(user string, number uint32) string {
	b := append([]byte{rowRoomOfUser}, user...)
	b = append(b, 0)
	return string(binary.BigEndian.AppendUint32(b, number))
}

// roomsOfUserRange is the range of a user's roomOfUserKeys.
func roomsOfUserRange(user string) (from, to string) {
	prefix := string(rune(rowRoomOfUser)) + user
	return prefix + "\x00", prefix + "\x01"
}

func messageKey(table byte, number uint32, message ID) []byte {
	return append(tableKey(table, number), message[:]...)
}

// messageRange is the range of a table's rows about messages from first to
// last, both included.
func messageRange(table byte, number uint32, first, last ID) (from, to string) {
	from = string(messageKey(table, number, first))
	if last == End {
		return from, string(tableKey(table, number+1))
	}
	return from, string(messageKey(table, number, successor(last)))
}

func messageStateKey(number uint32, message ID) string {
	return string(messageKey(rowMessageState, number, message))
}

func editKey(number uint32, message, edit ID) string {
	return string(append(messageKey(rowEdit, number, message), edit[:]...))
}

func reactionCountKey(number uint32, message ID, emoji string) string {
	return string(append(messageKey(rowReactionCount, number, message), emoji...))
}

func reactionKey(number uint32, message ID, emoji, user string) string {
	b := append(messageKey(rowReaction, number, message), emoji...)
	b = append(b, 0)
	return string(append(b, user...))
}

func reactionOrderKey(number uint32, message ID, emoji string, id ID) string {
	b := append(messageKey(rowReactionOrder, number, message), emoji...)
	b = append(b, 0)
	return string(append(b, id[:]...))
}

// messageOf returns the message that the key of a message row names, and what
// stands behind it.
func messageOf(key string) (message ID, rest string) {
	const head = 1 + 4
	copy(message[:], key[head:])
	return message, key[head+len(message):]
}

// idAt reads an id at the start of a value.
func idAt(value string) (id ID) {
	copy(id[:], value)
	return id
}

// messageState is what became of a message after it was posted.
type messageState struct {
	edited, deleted bool
	by              ID // the newest MessageEdited, or the MessageDeleted
}

func parseMessageState(value string) messageState {
	if value == "" {
		return messageState{}
	}
	return messageState{edited: value[0] == 'e', deleted: value[0] == 'd', by: idAt(value[1:])}
}

func (s messageState) value() string {
	mark := byte('e')
	if s.deleted {
		mark = 'd'
	}
	return string(append([]byte{mark}, s.by[:]...))
}

func getMessageState(v store.View, number uint32, message ID) messageState {
	value, _ := v.Get(messageStateKey(number, message))
	return parseMessageState(value)
}

// editOf returns the edit that the key of an edit row names.
func editOf(key string) ID {
	_, rest := messageOf(key)
	return idAt(rest)
}

// editsOf returns the edits of a message, oldest first.
func editsOf(v store.View, number uint32, message ID) []ID {
	var ids []ID
	for key := range v.Ascend(messageRange(rowEdit, number, message, message)) {
		ids = append(ids, editOf(key))
	}
	return ids
}
