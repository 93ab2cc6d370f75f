package chat

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/roomlog/chat/store"
)

// Kinds of messages with a meaning here.
const (
	kindText   = "text"   // of a message that was posted without a kind
	kindSystem = "system" // the host's own voice
)

// Message is a message as it is now: its edits, its deletion, the replies and
// the reactions to it folded in. Of a deleted one only ID, Room, At, User,
// ReplyTo and Deleted are set.
type Message struct {
	ID          ID
	Room        string
	At          time.Time // when it was posted, UTC, for display
	User        User      // the author, under the name of that moment
	Text        string    // as the newest edit has it
	Kind        string    // "text", or as posted
	EditedAt    time.Time // when it was last edited; zero if never
	Deleted     bool
	ReplyTo     ID              // the message that it answers; zero if none
	Thread      ID              // the message whose thread it was posted to; zero if none
	Parent      *Parent         // preview of ReplyTo; nil where that is gone or not to be seen
	Replies     int             // messages in its thread that are not deleted
	Mentions    []string        // ids of users
	Reactions   []Reaction      // in the order of the first of each
	Attachments json.RawMessage // as posted; nil where there are none
	Meta        json.RawMessage // as posted; nil where there is none
	Versions    []Version       // all texts, oldest first, the present one last; set by MessageVersions alone
}

// Parent is the preview of a message that is answered, as it is now.
type Parent struct {
	ID      ID     `json:"id"`
	User    User   `json:"user"`
	Text    string `json:"text"` // empty if deleted
	Deleted bool   `json:"deleted,omitempty"`
}

// Version is one text of a message.
type Version struct {
	Text string
	At   time.Time
}

// MarshalJSON returns the form of the wire protocol.
func (m Message) MarshalJSON() ([]byte, error) {
	if m.Deleted {
		return json.Marshal(struct {
			ID      ID     `json:"id"`
			Room    string `json:"room"`
			At      string `json:"at"`
			User    User   `json:"user"`
			Deleted bool   `json:"deleted"`
			ReplyTo ID     `json:"reply_to,omitzero"`
		}{m.ID, m.Room, formatTime(m.At), m.User, true, m.ReplyTo})
	}
	type version struct {
		Text string `json:"text"`
		At   string `json:"at"`
	}
	wire := struct {
		ID          ID              `json:"id"`
		Room        string          `json:"room"`
		User        User            `json:"user"`
		At          string          `json:"at"`
		Text        string          `json:"text"`
		Kind        string          `json:"kind"`
		EditedAt    string          `json:"edited_at,omitempty"`
		ReplyTo     ID              `json:"reply_to,omitzero"`
		Thread      ID              `json:"thread,omitzero"`
		Parent      *Parent         `json:"parent,omitempty"`
		Replies     int             `json:"replies,omitempty"`
		Reactions   []Reaction      `json:"reactions"`
		Mentions    []string        `json:"mentions,omitempty"`
		Attachments json.RawMessage `json:"attachments,omitempty"`
		Meta        json.RawMessage `json:"meta,omitempty"`
		Versions    []version       `json:"versions,omitempty"`
	}{
		ID: m.ID, Room: m.Room, User: m.User, At: formatTime(m.At),
		Text: m.Text, Kind: m.Kind, ReplyTo: m.ReplyTo, Thread: m.Thread, Parent: m.Parent,
		Replies: m.Replies, Reactions: m.Reactions, Mentions: m.Mentions,
		Attachments: m.Attachments, Meta: m.Meta,
	}
	if !m.EditedAt.IsZero() {
		wire.EditedAt = formatTime(m.EditedAt)
	}
	if wire.Reactions == nil {
		wire.Reactions = []Reaction{}
	}
	for _, old := range m.Versions {
		wire.Versions = append(wire.Versions, version{old.Text, formatTime(old.At)})
	}
	return json.Marshal(wire)
}

// Message returns a message of the room, deleted ones too. viewer is the id of
// the user on whose behalf it is read, or empty for the host. ErrRoomNotFound
// and ErrForbidden as for History; ErrMessageNotFound where there is none, or
// where retention has taken it.
func (r *Room) Message(ctx context.Context, id ID, viewer string) (Message, error) {
	return r.message(ctx, id, viewer, false)
}

// MessageVersions is Message with all texts that the message has had.
func (r *Room) MessageVersions(ctx context.Context, id ID, viewer string) (Message, error) {
	return r.message(ctx, id, viewer, true)
}

func (r *Room) message(ctx context.Context, id ID, viewer string, versions bool) (Message, error) {
	var m Message
	err := r.read(ctx, viewer, func(s *sight) error {
		posted, _, err := s.message(id)
		if err != nil {
			return err
		}
		if m, err = s.one(id); err != nil || !versions || m.Deleted {
			return err
		}
		m.Versions, err = readVersions(s.view, s.room, &posted)
		return err
	})
	if err != nil {
		return Message{}, err
	}
	return m, nil
}

// readVersions returns all texts of a message that is not deleted.
func readVersions(v store.View, room store.Room, posted *store.Record) ([]Version, error) {
	text, err := textOf(posted)
	versions := []Version{{Text: text, At: posted.At}}
	for _, id := range editsOf(v, room.Number, posted.ID) {
		var edit store.Record
		if edit, err = v.Record(id); err != nil {
			break
		}
		if text, err = textOf(&edit); err != nil {
			break
		}
		versions = append(versions, Version{Text: text, At: edit.At})
	}
	return versions, err
}

// textOf returns the text of a MessagePosted or a MessageEdited.
func textOf(r *store.Record) (string, error) {
	f, err := decodeAs[MessagePosted](dataOf(r.Body)) // both have it under the same name
	if err != nil {
		return "", err
	}
	return f.(MessagePosted).Text, nil
}

// messages returns the messages with the ids, in rising order, as the viewer
// sees them. It reads what is laid over them in one walk for each kind of row,
// so its cost is theirs if they are a stretch of the room.
func (s *sight) messages(ids []ID) ([]Message, error) {
	if len(ids) == 0 {
		return []Message{}, nil
	}
	l := s.layOver(ids[0], ids[len(ids)-1])
	list := make([]Message, 0, len(ids))
	for _, id := range ids {
		m, err := s.readMessage(id, &l)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// overlay is what rows say of a stretch of messages.
type overlay struct {
	states    map[ID]messageState
	replies   map[ID]uint64
	mentions  map[ID][]string
	reactions map[ID][]Reaction
}

func (s *sight) layOver(first, last ID) overlay {
	l := overlay{states: map[ID]messageState{}, replies: map[ID]uint64{}, mentions: map[ID][]string{}}
	number := s.room.Number
	for key, value := range s.view.Ascend(messageRange(rowMessageState, number, first, last)) {
		id, _ := messageOf(key)
		l.states[id] = parseMessageState(value)
	}
	for key, value := range s.view.Ascend(messageRange(rowReplyCount, number, first, last)) {
		id, _ := messageOf(key)
		l.replies[id], _ = cutUvarint(value)
	}
	for key, value := range s.view.Ascend(messageRange(rowMention, number, first, last)) {
		id, _ := messageOf(key)
		l.mentions[id] = parseMentions(value)
	}
	l.reactions = readReactions(s.view, s.room, first, last, s.viewer)
	return l
}

// one returns a message as the viewer sees it.
func (s *sight) one(id ID) (Message, error) {
	list, err := s.messages([]ID{id})
	if err != nil {
		return Message{}, err
	}
	return list[0], nil
}

func (s *sight) readMessage(id ID, l *overlay) (Message, error) {
	posted, err := s.view.Record(id)
	if err != nil {
		return Message{}, err
	}
	m := Message{
		ID: id, Room: posted.Room, At: posted.At,
		User: User{ID: posted.UserID, Name: posted.UserName},
	}
	fact, err := decodeAs[MessagePosted](dataOf(posted.Body))
	if err != nil {
		return Message{}, err
	}
	f := fact.(MessagePosted)
	m.ReplyTo = f.ReplyTo
	state := l.states[id]
	if state.deleted || posted.Erased { // erased: deleted since the rows were read
		m.Deleted = true
		return m, nil
	}
	m.Thread, m.Text, m.Kind = f.Thread, f.Text, orWord(f.MessageKind, kindText)
	m.Meta, m.Attachments = f.Meta, f.Attachments
	m.Mentions, m.Replies, m.Reactions = l.mentions[id], int(l.replies[id]), l.reactions[id]
	if state.edited {
		edit, err := s.view.Record(state.by)
		if err != nil {
			return Message{}, err
		}
		m.EditedAt = edit.At
		if m.Text, err = textOf(&edit); err != nil {
			return Message{}, err
		}
	}
	if f.ReplyTo != Start {
		m.Parent, err = s.parent(f.ReplyTo)
	}
	return m, err
}

// parent returns the preview of a message that is answered, nil where retention
// has taken it or the viewer may not see it.
func (s *sight) parent(id ID) (*Parent, error) {
	posted, state, err := s.message(id)
	switch {
	case errors.Is(err, ErrMessageNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	p := &Parent{ID: id, User: User{ID: posted.UserID, Name: posted.UserName}}
	if state.deleted || posted.Erased {
		p.Deleted = true
		return p, nil
	}
	p.Text, err = currentText(s.view, &posted, state)
	return p, err
}
