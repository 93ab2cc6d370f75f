package chat

import (
	"context"
	"encoding/json"
	"time"

	"github.com/roomlog/chat/store"
)

// kindText is the kind of a message that was posted without one.
const kindText = "text"

// Message is a message as it is now: its edits, its deletion and the reactions
// to it folded in. Of a deleted one only ID, Room, At, User and Deleted are set.
type Message struct {
	ID        ID
	Room      string
	At        time.Time // when it was posted, UTC, for display
	User      User      // the author, under the name of that moment
	Text      string    // as the newest edit has it
	Kind      string    // "text", or as posted
	EditedAt  time.Time // when it was last edited; zero if never
	Deleted   bool
	Reactions []Reaction      // in the order of the first of each
	Meta      json.RawMessage // as posted; nil where there is none
	Versions  []Version       // all texts, oldest first, the present one last; set by MessageVersions alone
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
		}{m.ID, m.Room, formatTime(m.At), m.User, true})
	}
	type version struct {
		Text string `json:"text"`
		At   string `json:"at"`
	}
	wire := struct {
		ID        ID              `json:"id"`
		Room      string          `json:"room"`
		User      User            `json:"user"`
		At        string          `json:"at"`
		Text      string          `json:"text"`
		Kind      string          `json:"kind"`
		EditedAt  string          `json:"edited_at,omitempty"`
		Reactions []Reaction      `json:"reactions"`
		Meta      json.RawMessage `json:"meta,omitempty"`
		Versions  []version       `json:"versions,omitempty"`
	}{
		ID: m.ID, Room: m.Room, User: m.User, At: formatTime(m.At),
		Text: m.Text, Kind: m.Kind, Reactions: m.Reactions, Meta: m.Meta,
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

// Message returns a message of the room, deleted ones too. viewer is the user
// id for Reaction.Mine, or empty. ErrMessageNotFound where there is none, or
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
	err := r.read(ctx, func(snap *store.Snapshot, room store.Room) error {
		posted, _, err := findMessage(snap, room, id)
		if err != nil {
			return err
		}
		list, err := readMessages(snap, room, []ID{id}, viewer)
		if err != nil {
			return err
		}
		m = list[0]
		if versions && !m.Deleted {
			m.Versions, err = readVersions(snap, room, &posted)
		}
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

// readMessages returns the messages with the ids, which are the messages of a
// stretch of the room in rising order. It reads what is laid over them in one
// walk for each kind of row.
func readMessages(v store.View, room store.Room, ids []ID, viewer string) ([]Message, error) {
	if len(ids) == 0 {
		return []Message{}, nil
	}
	first, last := ids[0], ids[len(ids)-1]
	states := make(map[ID]messageState)
	for key, value := range v.Ascend(messageRange(rowMessageState, room.Number, first, last)) {
		id, _ := messageOf(key)
		states[id] = parseMessageState(value)
	}
	reactions := readReactions(v, room, first, last, viewer)
	list := make([]Message, 0, len(ids))
	for _, id := range ids {
		m, err := readMessage(v, id, states[id])
		if err != nil {
			return nil, err
		}
		if !m.Deleted {
			m.Reactions = reactions[id]
		}
		list = append(list, m)
	}
	return list, nil
}

func readMessage(v store.View, id ID, state messageState) (Message, error) {
	posted, err := v.Record(id)
	if err != nil {
		return Message{}, err
	}
	m := Message{
		ID: id, Room: posted.Room, At: posted.At,
		User: User{ID: posted.UserID, Name: posted.UserName},
	}
	if state.deleted || posted.Erased { // erased: deleted since the rows were read
		m.Deleted = true
		return m, nil
	}
	fact, err := decodeAs[MessagePosted](dataOf(posted.Body))
	if err != nil {
		return Message{}, err
	}
	f := fact.(MessagePosted)
	m.Text, m.Kind, m.Meta = f.Text, orWord(f.MessageKind, kindText), f.Meta
	if state.edited {
		edit, err := v.Record(state.by)
		if err != nil {
			return Message{}, err
		}
		m.EditedAt = edit.At
		if m.Text, err = textOf(&edit); err != nil {
			return Message{}, err
		}
	}
	return m, nil
}
