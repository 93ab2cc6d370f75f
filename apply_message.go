package chat

import (
	"encoding/binary"

	"github.com/roomlog/chat/store"
)

// slowDown remembers when somebody posted, while that matters.
func (f *folding) slowDown() {
	if f.rules.slow == 0 {
		return
	}
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(f.record.At.UnixMilli()))
	f.rows.Set(lastPostKey(f.room.Number, f.record.UserID), string(at[:]))
}

// post folds what a message refers to.
func (f *folding) post() {
	if f.record.Erased {
		f.Mentions = nil // and of a deleted message none is left
	}
	number, message := f.room.Number, f.record.ID
	setMentions(f.rows, number, message, f.Mentions, func(user string) bool { return user == f.record.UserID })
	root := threadOf(f.ReplyTo, f.Thread)
	if root == Start || root.Compare(message) >= 0 {
		return
	}
	f.rows.Set(replyToKey(number, message), string(root[:]))
	if root.Compare(f.room.Floor) > 0 { // what retention took has no thread
		f.rows.Set(replyKey(number, root, message), "")
		setReplyCount(f.rows, number, root, replyCount(f.rows, number, root)+1)
	}
}

// message folds a fact about a message.
func (f *folding) message() {
	rows, number, r := f.rows, f.room.Number, f.record
	if f.Message.Compare(r.ID) >= 0 {
		return
	}
	// What speaks of a message that retention took leaves nothing: trim removed
	// its rows where they had been written before. But that there are edits is
	// remembered as long as they are in the log, so that they can be erased.
	if f.Message.Compare(f.room.Floor) <= 0 {
		switch r.Type {
		case kindMessageEdited:
			rows.Set(editKey(number, f.Message, r.ID), "")
		case kindMessageDeleted:
			eraseMessageRows(rows, number, f.Message)
		}
		return
	}
	if getMessageState(rows, number, f.Message).deleted {
		return
	}
	switch r.Type {
	case kindMessageEdited:
		rows.Set(messageStateKey(number, f.Message), messageState{edited: true, by: r.ID}.value())
		rows.Set(editKey(number, f.Message, r.ID), "")
		if f.Mentions != nil {
			setMentions(rows, number, f.Message, f.Mentions, func(user string) bool {
				return store.PostedBy(rows, number, f.Message, user)
			})
		}
	case kindMessageDeleted:
		f.uncountReply()
		eraseMessageRows(rows, number, f.Message)
		rows.Set(messageStateKey(number, f.Message), messageState{deleted: true, by: r.ID}.value())
		store.Hide(rows, number, f.Message)
	case kindReactionAdded:
		addReaction(rows, number, f.Message, f.Emoji, r)
	case kindReactionRemoved:
		removeReaction(rows, number, f.Message, f.Emoji, r)
	}
}

// uncountReply takes a message that is being deleted off the count of its
// thread. Its place there stays.
func (f *folding) uncountReply() {
	value, ok := f.rows.Get(replyToKey(f.room.Number, f.Message))
	if !ok {
		return
	}
	root := idAt(value)
	if n := replyCount(f.rows, f.room.Number, root); n > 0 {
		setReplyCount(f.rows, f.room.Number, root, n-1)
	}
}

// eraseMessageRows removes what is said of a message that is deleted, but for
// its replies.
func eraseMessageRows(rows store.Rows, number uint32, message ID) {
	removeMentions(rows, number, message, message)
	for _, table := range erasedRows {
		from, to := messageRange(table, number, message, message)
		removeRange(rows, from, to)
	}
}
