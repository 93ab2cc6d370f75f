package chat

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/roomlog/chat/store"
)

// maxMentions is how many users a message may mention.
const maxMentions = 64

func mentionKey(number uint32, message ID) string {
	return string(messageKey(rowMention, number, message))
}

func mentionOfUserKey(user string, message ID) string {
	b := append([]byte{rowMentionOfUser}, user...)
	b = append(b, 0)
	return string(append(b, message[:]...))
}

func mentionInRoomKey(user string, number uint32, message ID) string {
	b := append([]byte{rowMentionInRoom}, user...)
	b = append(b, 0)
	b = binary.BigEndian.AppendUint32(b, number)
	return string(append(b, message[:]...))
}

// mentionsValue is the row of the users that a message mentions.
func mentionsValue(users []string) string {
	if len(users) == 0 {
		return ""
	}
	return strings.Join(users, "\x00") + "\x00"
}

func parseMentions(value string) []string {
	if value == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(value, "\x00"), "\x00")
}

func mentionsOf(v store.View, number uint32, message ID) string {
	value, _ := v.Get(mentionKey(number, message))
	return value
}

// setMentions makes users the ones that a message mentions. isAuthor tells the one
// who posted it, who may be another than the one who edits it.
func setMentions(rows store.Rows, number uint32, message ID, users []string, isAuthor func(user string) bool) {
	removeMentions(rows, number, message, message)
	if len(users) == 0 {
		return
	}
	rows.Set(mentionKey(number, message), mentionsValue(users))
	value := string(binary.BigEndian.AppendUint32(nil, number))
	for _, user := range users {
		rows.Set(mentionOfUserKey(user, message), value)
		if !isAuthor(user) {
			rows.Set(mentionInRoomKey(user, number, message), "")
		}
	}
}

// removeMentions removes the mentions of the messages from first to last.
func removeMentions(rows store.Rows, number uint32, first, last ID) {
	found := map[ID][]string{} // rows are not to be changed while they are walked
	for key, value := range rows.Ascend(messageRange(rowMention, number, first, last)) {
		id, _ := messageOf(key)
		found[id] = parseMentions(value)
	}
	for id, users := range found {
		rows.Delete(mentionKey(number, id))
		for _, user := range users {
			rows.Delete(mentionOfUserKey(user, id))
			rows.Delete(mentionInRoomKey(user, number, id))
		}
	}
}

// MentionsQuery asks for a page of the messages that mention a user.
type MentionsQuery struct {
	Before ID  // messages older than this; zero for the newest
	Limit  int // messages on a page; 0 = 50, at most 200
}

// Mentions returns a page of the messages that mention the user, over all rooms
// that they may read now, oldest first within the page. A message that was
// deleted, or edited to mention others, is not among them.
func (c *Chat) Mentions(ctx context.Context, user string, q MentionsQuery) (Page, error) {
	limit, err := limitOf(q.Limit, 50, 200)
	if err != nil {
		return Page{}, err
	}
	if err := checkUserID(user); err != nil {
		return Page{}, err
	}
	var page Page
	err = c.read(ctx, func(snap *store.Snapshot) error {
		page, err = c.mentions(snap, user, q.Before, limit)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// mentions returns a page of the messages that mention a user.
func (c *Chat) mentions(snap *store.Snapshot, user string, before ID, limit int) (Page, error) {
	page := Page{Messages: []Message{}, Cursor: snap.Head()}
	from, to := mentionOfUserKey(user, Start), mentionOfUserKey(user, End)
	if before != Start {
		to = mentionOfUserKey(user, before)
	}
	sights := map[uint32]*sight{} // nil for a room that the user may not read
	var oldest ID
	for key, value := range snap.Descend(from, to) {
		number := binary.BigEndian.Uint32([]byte(value))
		s, known := sights[number]
		if !known {
			s = c.sightOf(snap, number, user)
			sights[number] = s
		}
		id := idAt(key[len(key)-len(ID{}):])
		if s == nil || id.Compare(s.from) <= 0 {
			continue
		}
		if len(page.Messages) == limit {
			page.HasMore, page.Prev = true, &oldest
			break
		}
		m, err := s.one(id)
		if err != nil {
			return Page{}, err
		}
		oldest = id
		page.Messages = append(page.Messages, m)
	}
	slices.Reverse(page.Messages)
	return page, nil
}

// sightOf returns what a user sees of the room with the number, nil where that
// is nothing.
func (c *Chat) sightOf(snap *store.Snapshot, number uint32, user string) *sight {
	room, ok := snap.RoomByNumber(number)
	if !ok {
		return nil
	}
	s, err := c.look(snap, room.ID, user)
	if err != nil {
		return nil
	}
	return s
}
