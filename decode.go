package chat

import (
	"bytes"
	"encoding/json"
)

// dataOf returns the data of an event's JSON. It is the last field, and the
// bytes before it cannot stand inside a string, where quotes are escaped.
func dataOf(body []byte) []byte {
	i := bytes.Index(body, []byte(beforeData))
	if i < 0 || i+len(beforeData) == len(body) { // there is none, or it was cut off
		return nil
	}
	return body[i+len(beforeData) : len(body)-1]
}

// decode returns the fact that a body of the type says.
func decode(kind string, body []byte) (Fact, error) {
	data := dataOf(body)
	switch kind {
	case kindMessagePosted:
		return decodeAs[MessagePosted](data)
	case kindMessageEdited:
		return decodeAs[MessageEdited](data)
	case kindMessageDeleted:
		return decodeAs[MessageDeleted](data)
	case kindReactionAdded:
		return decodeAs[ReactionAdded](data)
	case kindReactionRemoved:
		return decodeAs[ReactionRemoved](data)
	case kindUserJoined:
		return decodeAs[UserJoined](data)
	case kindUserLeft:
		return decodeAs[UserLeft](data)
	case kindUserBanned:
		return decodeAs[UserBanned](data)
	case kindUserUnbanned:
		return decodeAs[UserUnbanned](data)
	case kindUserMuted:
		return decodeAs[UserMuted](data)
	case kindUserUnmuted:
		return decodeAs[UserUnmuted](data)
	case kindRoleChanged:
		return decodeAs[RoleChanged](data)
	case kindRoomCreated:
		return decodeAs[RoomCreated](data)
	case kindRoomChanged:
		return decodeAs[RoomChanged](data)
	case kindRoomArchived:
		return decodeAs[RoomArchived](data)
	case kindRoomDeleted:
		return decodeAs[RoomDeleted](data)
	}
	return Custom{Type: kind, Data: bytes.Clone(data)}, nil
}

func decodeAs[F Fact](data []byte) (Fact, error) {
	var f F
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, ErrInternal.because("data of %s: %v", f.Kind(), err)
	}
	return f, nil
}
