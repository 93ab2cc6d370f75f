package chat

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/roomlog/chat/store"
)

func (d *decision) post(f MessagePosted) ([]*store.Draft, error) {
	if err := d.may(ActPost, asked{}); err != nil {
		return nil, err
	}
	if f.MessageKind == kindSystem && !d.host {
		return nil, ErrForbidden.because("kind %q is the host's", kindSystem)
	}
	for _, id := range [...]ID{f.ReplyTo, f.Thread} {
		if id == Start {
			continue
		}
		if _, _, err := d.message(id); err != nil {
			return nil, err
		}
	}
	if d.rules.slow > 0 && !d.host {
		if err := d.slowDown(); err != nil {
			return nil, err
		}
	}
	return d.yield()
}

// slowDown refuses an ordinary user who posted a moment ago.
func (d *decision) slowDown() error {
	user := d.draft.UserID
	if m, ok := getMember(d.view, d.room.Number, user); ok && m.role != Ordinary {
		return nil
	}
	value, ok := d.view.Get(lastPostKey(d.room.Number, user))
	if !ok || len(value) != 8 {
		return nil
	}
	last := time.UnixMilli(int64(binary.BigEndian.Uint64([]byte(value))))
	wait := last.Add(time.Duration(d.rules.slow) * time.Second).Sub(d.now)
	if wait <= 0 || wait > time.Duration(d.rules.slow)*time.Second { // in the latter case the clock has stepped back
		return nil
	}
	err := ErrRateLimited.because("the room is in slow mode: one message every %d s", d.rules.slow)
	err.RetryAfter = wait
	return err
}

func (d *decision) custom() ([]*store.Draft, error) {
	if err := d.may(ActCustom, asked{}); err != nil {
		return nil, err
	}
	return d.yield()
}

// message returns a message that the actor may see. Whether the room itself is
// theirs to see comes first: else its messages could be asked for one by one.
func (d *decision) message(id ID) (store.Record, messageState, error) {
	posted, state, err := findMessage(d.view, d.room, id)
	if err == nil && d.rules.joined && !d.host {
		m, ok := getMember(d.view, d.room.Number, d.draft.UserID)
		if ok && id.Compare(m.since) < 0 {
			err = ErrMessageNotFound.because("%s", id)
		}
	}
	if errors.Is(err, ErrMessageNotFound) {
		if hidden := d.ask(ActRead, asked{}); hidden != nil {
			return posted, state, hidden
		}
	}
	return posted, state, err
}

func (d *decision) edit(f MessageEdited) ([]*store.Draft, error) {
	posted, state, err := d.message(f.Message)
	if err != nil {
		return nil, err
	}
	if err := d.may(ActEdit, asked{author: posted.UserID}); err != nil {
		return nil, err
	}
	if state.deleted {
		return nil, ErrMessageDeleted.because("%s", f.Message)
	}
	same, err := d.saysAlready(&posted, state, f)
	if err != nil || same {
		return nil, err
	}
	return d.yield()
}

// saysAlready reports whether an edit would change nothing. An edit must leave
// something to show, as a post must.
func (d *decision) saysAlready(posted *store.Record, state messageState, f MessageEdited) (bool, error) {
	if f.Text == "" {
		fact, err := decodeAs[MessagePosted](dataOf(posted.Body))
		if err != nil {
			return false, err
		}
		if len(fact.(MessagePosted).Attachments) == 0 {
			return false, ErrEmptyMessage.because("text shows nothing")
		}
	}
	text, err := currentText(d.view, posted, state)
	if err != nil || text != f.Text {
		return false, err
	}
	return f.Mentions == nil || mentionsValue(f.Mentions) == mentionsOf(d.view, d.room.Number, f.Message), nil
}

// currentText returns the text that the newest edit of a message gave it.
func currentText(v store.View, posted *store.Record, state messageState) (string, error) {
	if !state.edited {
		return textOf(posted)
	}
	edit, err := v.Record(state.by)
	if err != nil {
		return "", err
	}
	return textOf(&edit)
}

// deleteMessage also names what the same commit erases.
func (d *decision) deleteMessage(f MessageDeleted) ([]*store.Draft, error) {
	edits := editsOf(d.view, d.room.Number, f.Message)
	posted, state, err := d.message(f.Message)
	if errors.Is(err, ErrMessageNotFound) && len(edits) > 0 && f.Message.Compare(d.room.Floor) <= 0 {
		// Retention took the message, and has not yet come to its edits: they hold
		// its text, and are its author's.
		posted, err = d.view.Record(edits[0])
	}
	if err != nil {
		return nil, err
	}
	if err := d.ask(ActDelete, asked{author: posted.UserID}); err != nil {
		return nil, err
	}
	if state.deleted {
		return nil, nil
	}
	draft := d.draft
	draft.Erase = append([]ID{f.Message}, edits...)
	return []*store.Draft{&draft}, nil
}

// reactable returns why a message cannot be reacted to.
func (d *decision) reactable(message ID) error {
	posted, state, err := d.message(message)
	if err != nil {
		return err
	}
	if err := d.may(ActReact, asked{author: posted.UserID}); err != nil {
		return err
	}
	if state.deleted {
		return ErrMessageDeleted.because("%s", message)
	}
	return nil
}

func (d *decision) react(f ReactionAdded) ([]*store.Draft, error) {
	if err := d.reactable(f.Message); err != nil {
		return nil, err
	}
	number, user := d.room.Number, d.draft.UserID
	_, has := d.view.Get(reactionKey(number, f.Message, f.Emoji, user))
	if has && d.reactions != AnyNumber {
		return nil, nil
	}
	var others []string // emojis that the user takes back with this one
	known, count := false, 0
	for key := range d.view.Ascend(messageRange(rowReactionCount, number, f.Message, f.Message)) {
		_, emoji := messageOf(key)
		count++
		if known = known || emoji == f.Emoji; d.reactions == OnePerUser {
			if _, mine := d.view.Get(reactionKey(number, f.Message, emoji, user)); mine && emoji != f.Emoji {
				others = append(others, emoji)
			}
		}
	}
	if !known && count-len(others) >= maxEmojis {
		return nil, ErrInvalidReaction.because("the message has %d different ones", count)
	}
	drafts, err := d.yield()
	for _, emoji := range others {
		drafts = append(drafts[:len(drafts):len(drafts)], d.also(ReactionRemoved{Message: f.Message, Emoji: emoji}))
	}
	return drafts, err
}

func (d *decision) unreact(f ReactionRemoved) ([]*store.Draft, error) {
	if err := d.reactable(f.Message); err != nil {
		return nil, err
	}
	if _, has := d.view.Get(reactionKey(d.room.Number, f.Message, f.Emoji, d.draft.UserID)); !has {
		return nil, nil
	}
	return d.yield()
}
