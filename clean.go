package chat

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of what facts take, beside those of text.go.
const (
	maxData        = 64 << 10 // bytes of JSON of the host's
	maxAttachments = 32
	maxTitle       = 200  // code points
	maxTopic       = 2000 // code points
	maxSlowMode    = 86_400
	maxAdded       = 1000 // members that a RoomCreated names
	maxDirect      = 32   // the same of a direct room
)

// cleanFact returns the fact as it is to be stored, or why it cannot be.
func cleanFact(fact Fact, by User, maxText int) (Fact, error) {
	var err error
	switch f := fact.(type) {
	case MessagePosted:
		return cleanPosted(f, maxText)
	case MessageEdited:
		if f.Mentions, err = cleanMentions(f.Mentions); err != nil {
			return nil, err
		}
		f.Text, err = cleanText(f.Text, maxText, true)
		return f, err
	case MessageDeleted:
		return f, nil
	case ReactionAdded:
		return f, checkEmoji(f.Emoji)
	case ReactionRemoved:
		return f, checkEmoji(f.Emoji)
	case UserJoined:
		f.Member, f.Role = orUser(f.Member, by), Role(orWord(string(f.Role), string(Ordinary)))
		if err := checkRole(f.Role); err != nil {
			return nil, err
		}
		return f, f.Member.check()
	case UserLeft:
		f.Member = orUser(f.Member, by)
		normal := reasonLeft
		if f.Member.ID != by.ID {
			normal = reasonRemoved
		}
		if f.Reason = orWord(f.Reason, normal); f.Reason != normal || !f.Until.IsZero() {
			return nil, ErrInvalidField.because("a member leaves because they %s; to ban is a UserBanned", normal)
		}
		return f, f.Member.check()
	case UserBanned:
		f.Until = cleanTime(f.Until)
		return f, f.Member.check()
	case UserUnbanned:
		return f, f.Member.check()
	case UserMuted:
		f.Until = cleanTime(f.Until)
		return f, f.Member.check()
	case UserUnmuted:
		return f, f.Member.check()
	case RoleChanged:
		if err := checkRole(f.Role); err != nil {
			return nil, err
		}
		return f, f.Member.check()
	case RoomCreated:
		return cleanCreated(f)
	case RoomChanged:
		return cleanChanged(f)
	case RoomArchived, RoomDeleted:
		return f, nil
	case Custom:
		if err = checkCustomType(f.Type); err != nil {
			return nil, err
		}
		if len(f.Data) == 0 {
			f.Data = json.RawMessage("{}")
		}
		f.Data, err = cleanJSON("data", f.Data, maxData)
		return f, err
	}
	return nil, ErrInvalidField.because("fact is a %T", fact)
}

func cleanPosted(f MessagePosted, maxText int) (Fact, error) {
	var err error
	if f.Attachments, err = cleanAttachments(f.Attachments); err != nil {
		return nil, err
	}
	if f.Text, err = cleanText(f.Text, maxText, len(f.Attachments) > 0); err != nil {
		return nil, err
	}
	if err = checkWord("kind", f.MessageKind); err != nil {
		return nil, err
	}
	if f.Mentions, err = cleanMentions(f.Mentions); err != nil {
		return nil, err
	}
	f.Meta, err = cleanMeta(f.Meta)
	return f, err
}

// cleanAttachments returns the attachments on one line, nil for an empty list.
func cleanAttachments(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	clean, err := cleanJSON("attachments", raw, maxData)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(clean, &list); err != nil {
		return nil, ErrInvalidField.because("attachments are not an array")
	}
	if len(list) > maxAttachments {
		return nil, ErrInvalidField.because("there are %d attachments of %d allowed", len(list), maxAttachments)
	}
	for _, a := range list {
		if !bytes.HasPrefix(a, []byte("{")) {
			return nil, ErrInvalidField.because("an attachment is not an object")
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return clean, nil
}

// cleanMentions returns each user once, in the order given. It keeps apart nil
// and none.
func cleanMentions(users []string) ([]string, error) {
	if users == nil {
		return nil, nil
	}
	clean := make([]string, 0, min(len(users), maxMentions))
	for _, user := range users {
		if err := checkUserID(user); err != nil {
			return nil, err
		}
		if slices.Contains(clean, user) {
			continue
		}
		if len(clean) == maxMentions {
			return nil, ErrInvalidField.because("there are more than %d mentions", maxMentions)
		}
		clean = append(clean, user)
	}
	return clean, nil
}

func cleanCreated(f RoomCreated) (Fact, error) {
	var err error
	f.RoomKind = RoomKind(orWord(string(f.RoomKind), string(Public)))
	if err = checkRoomKind(f.RoomKind); err != nil {
		return nil, err
	}
	if f.Title, err = cleanLine("title", f.Title, maxTitle, false); err != nil {
		return nil, err
	}
	if f.Topic, err = cleanLine("topic", f.Topic, maxTopic, true); err != nil {
		return nil, err
	}
	if err = checkSlowMode(f.SlowMode); err != nil {
		return nil, err
	}
	if err = checkVisibility(f.History); err != nil {
		return nil, err
	}
	if f.History == SeeAll {
		f.History = "" // the same
	}
	if f.RoomKind == Public && f.History == SeeFromJoin {
		return nil, ErrInvalidField.because("in a public room all see the whole history")
	}
	if f.Meta, err = cleanMeta(f.Meta); err != nil {
		return nil, err
	}
	most := maxAdded
	if f.RoomKind == Direct {
		most = maxDirect
	}
	var members []User
	for _, u := range f.Members {
		if err := u.check(); err != nil {
			return nil, err
		}
		if !hasUser(members, u.ID) {
			members = append(members, u)
		}
		if len(members) > most {
			return nil, ErrInvalidField.because("there are more than %d members", most)
		}
	}
	f.Members = members
	return f, nil
}

func cleanChanged(f RoomChanged) (Fact, error) {
	if f.RoomKind != "" {
		if err := checkRoomKind(f.RoomKind); err != nil {
			return nil, err
		}
	}
	if f.Title != nil {
		title, err := cleanLine("title", *f.Title, maxTitle, false)
		if err != nil {
			return nil, err
		}
		f.Title = &title
	}
	if f.Topic != nil {
		topic, err := cleanLine("topic", *f.Topic, maxTopic, true)
		if err != nil {
			return nil, err
		}
		f.Topic = &topic
	}
	if f.SlowMode != nil {
		if err := checkSlowMode(*f.SlowMode); err != nil {
			return nil, err
		}
	}
	if err := checkVisibility(f.History); err != nil {
		return nil, err
	}
	var err error
	f.Meta, err = cleanMeta(f.Meta)
	return f, err
}

// cleanLine returns a name as it is stored: trimmed, at most limit code points,
// and on one line unless lines are allowed. It may be empty.
func cleanLine(field, s string, limit int, lines bool) (string, error) {
	if !utf8.ValidString(s) {
		return "", ErrInvalidUTF8.because("%s is not valid UTF-8", field)
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	s, err := cleanText(s, limit, true)
	if err != nil {
		return "", ErrInvalidField.because("%s: %v", field, err)
	}
	if !lines && strings.ContainsAny(s, "\n\t") {
		return "", ErrInvalidField.because("%s is not one line", field)
	}
	return s, nil
}

func cleanMeta(meta json.RawMessage) (json.RawMessage, error) {
	if len(meta) == 0 {
		return nil, nil
	}
	return cleanJSON("meta", meta, maxData)
}

// cleanTime returns a time as it is stored, in whole milliseconds.
func cleanTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

func checkRole(role Role) error {
	switch role {
	case Owner, Admin, Ordinary:
		return nil
	}
	return ErrInvalidField.because("role %q is none of %s, %s and %s", role, Owner, Admin, Ordinary)
}

func checkRoomKind(kind RoomKind) error {
	switch kind {
	case Public, Private, Direct:
		return nil
	}
	return ErrInvalidField.because("kind %q is none of %s, %s and %s", kind, Public, Private, Direct)
}

func checkVisibility(v Visibility) error {
	switch v {
	case "", SeeAll, SeeFromJoin:
		return nil
	}
	return ErrInvalidField.because("history %q is neither %s nor %s", v, SeeAll, SeeFromJoin)
}

func checkSlowMode(seconds int) error {
	if seconds < 0 || seconds > maxSlowMode {
		return ErrInvalidField.because("slow mode of %d s, not 0 to %d", seconds, maxSlowMode)
	}
	return nil
}

func orUser(u, or User) User {
	if u == (User{}) {
		return or
	}
	return u
}

func orWord(s, or string) string {
	if s == "" {
		return or
	}
	return s
}
