package chat

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"github.com/roomlog/chat/store"
)

// The JSON of an event is made once, by the caller of its command, with blanks
// that the committer fills: it is the stored form and the wire form.
//
//	{"id":"<26>","room":"…","type":"…","at":"<24>","user":{"id":"…","name":"…"},"key":"…","data":{…}}
//
// The fields stand in this order, key is left out where there is none, and an
// erased event has "erased":true before its data. Strings are escaped as
// encoding/json does by default, so that an event stays the same bytes when it
// is encoded as a part of something else.
const (
	blankID   = "00000000000000000000000000"
	blankTime = "0000-00-00T00:00:00.000Z"

	// timeFormat is RFC 3339 with three decimals, UTC.
	timeFormat = "2006-01-02T15:04:05.000Z"

	beforeID   = `{"id":"`
	beforeData = `,"data":`
	beforeKey  = `,"key":`
	erasedMark = `,"erased":true`
)

// encode fills the draft's body with the JSON of the fact.
func encode(d *store.Draft, fact Fact) {
	b := make([]byte, 0, sizeHint(d, fact))
	b = append(b, beforeID...)
	d.IDAt = len(b)
	b = append(b, blankID...)
	b = append(b, `","room":"`...)
	b = append(b, d.Room...) // holds nothing to escape, nor does the type
	b = append(b, `","type":"`...)
	b = append(b, d.Type...)
	b = append(b, `","at":"`...)
	d.TimeAt = len(b)
	b = append(b, blankTime...)
	b = append(b, `","user":`...)
	b = appendUser(b, User{ID: d.UserID, Name: d.UserName})
	if d.Key != "" {
		b = append(b, beforeKey...)
		b = appendString(b, d.Key)
	}
	b = append(b, beforeData...)
	b = appendData(b, fact)
	d.Body = append(b, '}')
}

// sizeHint guesses the length of the body where nothing must be escaped.
func sizeHint(d *store.Draft, fact Fact) int {
	n := 160 + len(d.Room) + len(d.Type) + len(d.UserID) + len(d.UserName) + len(d.Key)
	switch f := fact.(type) {
	case MessagePosted:
		n += len(f.Text) + len(f.Text)/16 + len(f.MessageKind) + len(f.Meta) + len(f.Attachments) + 32*len(f.Mentions) + 32
		if f.ReplyTo != Start || f.Thread != Start {
			n += 96
		}
	case MessageEdited:
		n += len(f.Text) + len(f.Text)/16 + 64
	case Custom:
		n += len(f.Data)
	default:
		n += 160
	}
	return n
}

// appendData appends the data of a fact that has been cleaned.
func appendData(b []byte, fact Fact) []byte {
	switch f := fact.(type) {
	case MessagePosted:
		return appendPosted(b, f)
	case MessageEdited:
		b = appendMessageRef(b, f.Message)
		if f.Mentions != nil {
			b = appendMentions(append(b, ','), f.Mentions)
		}
		b = append(b, `,"text":`...)
		b = appendString(b, f.Text)
		return append(b, '}')
	case MessageDeleted:
		return append(appendMessageRef(b, f.Message), '}')
	case ReactionAdded:
		return appendReaction(b, f.Message, f.Emoji)
	case ReactionRemoved:
		return appendReaction(b, f.Message, f.Emoji)
	case UserJoined:
		b = appendMember(b, f.Member)
		b = append(b, `,"role":`...)
		b = appendString(b, string(f.Role))
		return append(b, '}')
	case UserLeft:
		b = appendMember(b, f.Member)
		b = append(b, `,"reason":`...)
		b = appendString(b, f.Reason)
		return appendUntil(b, f.Until)
	case UserBanned:
		return appendUntil(appendMember(b, f.Member), f.Until)
	case UserMuted:
		return appendUntil(appendMember(b, f.Member), f.Until)
	case UserUnbanned:
		return append(appendMember(b, f.Member), '}')
	case UserUnmuted:
		return append(appendMember(b, f.Member), '}')
	case RoleChanged:
		b = appendMember(b, f.Member)
		b = append(b, `,"role":`...)
		b = appendString(b, string(f.Role))
		return append(b, '}')
	case RoomCreated, RoomChanged, RoomArchived, RoomDeleted:
		data, err := json.Marshal(f) // it escapes as appendString does
		if err != nil {              // strings, numbers and JSON that has been checked: it cannot
			panic(err)
		}
		return append(b, data...)
	case Custom:
		return append(b, f.Data...)
	}
	panic("chat: fact was not cleaned")
}

// appendPosted appends the data of a message. What it refers to comes first: so
// a fold that looks for references need not read the text of a message without.
func appendPosted(b []byte, f MessagePosted) []byte {
	b = append(b, '{')
	for _, ref := range [...]struct {
		name string
		id   ID
	}{{"reply_to", f.ReplyTo}, {"thread", f.Thread}} {
		if ref.id != Start {
			b = appendString(b, ref.name)
			b = append(b, `:"`...)
			b = appendID(b, ref.id)
			b = append(b, `",`...)
		}
	}
	if len(f.Mentions) > 0 {
		b = append(appendMentions(b, f.Mentions), ',')
	}
	b = append(b, `"text":`...)
	b = appendString(b, f.Text)
	if f.MessageKind != "" {
		b = append(b, `,"kind":`...)
		b = appendString(b, f.MessageKind)
	}
	if len(f.Attachments) > 0 {
		b = append(b, `,"attachments":`...)
		b = append(b, f.Attachments...)
	}
	if len(f.Meta) > 0 {
		b = append(b, `,"meta":`...)
		b = append(b, f.Meta...)
	}
	return append(b, '}')
}

func appendMentions(b []byte, users []string) []byte {
	b = append(b, `"mentions":[`...)
	for i, user := range users {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, user)
	}
	return append(b, ']')
}

func appendMember(b []byte, u User) []byte {
	return appendUser(append(b, `{"member":`...), u)
}

// appendUntil appends when something ends, if it does, and the closing brace.
func appendUntil(b []byte, until time.Time) []byte {
	if !until.IsZero() {
		b = append(b, `,"until":"`...)
		b = until.UTC().AppendFormat(b, timeFormat)
		b = append(b, '"')
	}
	return append(b, '}')
}

func appendUser(b []byte, u User) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, u.ID)
	b = append(b, `,"name":`...)
	b = appendString(b, u.Name)
	return append(b, '}')
}

func appendReaction(b []byte, message ID, emoji string) []byte {
	b = appendMessageRef(b, message)
	b = append(b, `,"emoji":`...)
	b = appendString(b, emoji)
	return append(b, '}')
}

func appendMessageRef(b []byte, message ID) []byte {
	b = append(b, `{"message":"`...)
	b = appendID(b, message)
	return append(b, '"')
}

func appendID(b []byte, id ID) []byte {
	var text [ulid.EncodedSize]byte
	_ = id.MarshalTextTo(text[:]) // fails only for another length
	return append(b, text[:]...)
}

const hexDigits = "0123456789abcdef"

// appendString appends s, which is valid UTF-8, as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, s[done:i]...)
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, s[done:i]...)
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, s[done:i]...)
			b = append(b, '\\', 't')
		case c < 0x20 || c == '<' || c == '>' || c == '&':
			b = append(b, s[done:i]...)
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&^1 == 0xa8: // U+2028, U+2029
			b = append(b, s[done:i]...)
			b = append(b, '\\', 'u', '2', '0', '2', hexDigits[s[i+2]&15])
			i += 3
			done = i
			continue
		default:
			i++
			continue
		}
		i++
		done = i
	}
	b = append(b, s[done:]...)
	return append(b, '"')
}

// cleanJSON returns raw on one line, escaped as appendString escapes. It is
// ErrInvalidField unless raw is one JSON value of at most limit bytes.
func cleanJSON(field string, raw json.RawMessage, limit int) (json.RawMessage, error) {
	if len(raw) > limit {
		return nil, ErrInvalidField.because("%s has %d bytes of %d allowed", field, len(raw), limit)
	}
	if !utf8.Valid(raw) || loneSurrogate(raw) {
		return nil, ErrInvalidUTF8.because("%s is not valid UTF-8", field)
	}
	var line, escaped bytes.Buffer
	if err := json.Compact(&line, raw); err != nil {
		return nil, ErrInvalidField.because("%s is not JSON: %v", field, err)
	}
	json.HTMLEscape(&escaped, line.Bytes())
	return escaped.Bytes(), nil
}

// loneSurrogate reports whether the JSON raw holds an escape of one half of a
// surrogate pair without the other.
func loneSurrogate(raw []byte) bool {
	high := false // the escape just before was a high half
	for i := 0; i < len(raw); {
		if raw[i] != '\\' || i+1 >= len(raw) {
			if high {
				return true
			}
			i++
			continue
		}
		half := 0
		if raw[i+1] == 'u' && i+6 <= len(raw) && (raw[i+2]|0x20) == 'd' {
			switch raw[i+3] | 0x20 {
			case '8', '9', 'a', 'b':
				half = 1
			case 'c', 'd', 'e', 'f':
				half = 2
			}
		}
		if high != (half == 2) {
			return true
		}
		high = half == 1
		if raw[i+1] == 'u' {
			i += 6
		} else {
			i += 2
		}
	}
	return high
}
