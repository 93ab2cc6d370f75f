package transport

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/roomlog/chat"
)

// OptionalInt takes a field that must be a whole number if it is there.
func (o *Object) OptionalInt(name string) (int, bool) {
	raw, ok := o.lookup(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil {
		o.fail(chat.ErrInvalidField, "field %q is %s, not a whole number", name, shorten(string(raw)))
	}
	return n, true
}

// OptionalBool takes a field that must be true or false if it is there.
func (o *Object) OptionalBool(name string) (value, ok bool) {
	raw, ok := o.lookup(name)
	if !ok {
		return false, false
	}
	switch string(raw) {
	case "true":
		return true, true
	case "false":
	default:
		o.fail(chat.ErrInvalidField, "field %q is neither true nor false", name)
	}
	return false, true
}

// OptionalTime takes a field that must be a time as of RFC 3339 if it is there
// and not null. Zero stands for none.
func (o *Object) OptionalTime(name string) time.Time {
	raw, ok := o.lookup(name)
	if !ok || string(raw) == "null" {
		return time.Time{}
	}
	var t time.Time
	if raw[0] == '"' {
		var err error
		if t, err = time.Parse(time.RFC3339, unquote(raw)); err == nil && !t.IsZero() {
			return t
		}
	}
	o.fail(chat.ErrInvalidField, "field %q is %s, not a time such as %q", name, shorten(string(raw)), "2026-01-02T03:04:05Z")
	return time.Time{}
}

// OptionalID takes a field that names a message, if it is there and neither null
// nor empty. One that cannot be the ID of a message is ErrMessageNotFound.
func (o *Object) OptionalID(name string) chat.ID {
	raw, ok := o.lookup(name)
	if !ok || string(raw) == "null" || string(raw) == `""` {
		return chat.ID{}
	}
	if raw[0] != '"' {
		o.fail(chat.ErrInvalidField, "field %q is not a string", name)
		return chat.ID{}
	}
	s := unquote(raw)
	id, ok := ParseID(s)
	if !ok || id == chat.Start {
		o.fail(chat.ErrMessageNotFound, "%q is not the id of one", shorten(s))
	}
	return id
}

// list takes a field that must be an array if it is there and not null.
func (o *Object) list(name string) (values []json.RawMessage, ok bool) {
	raw, ok := o.lookup(name)
	if !ok || string(raw) == "null" {
		return nil, false
	}
	if err := json.Unmarshal(raw, &values); err != nil {
		o.fail(chat.ErrInvalidField, "field %q is not an array", name)
	}
	return values, true
}

// Strings takes a field that must be an array of strings if it is there and not
// null: then it returns nil.
func (o *Object) Strings(name string) []string {
	values, ok := o.list(name)
	if !ok {
		return nil
	}
	list := make([]string, 0, len(values))
	for _, raw := range values {
		if raw[0] != '"' {
			o.fail(chat.ErrInvalidField, "field %q holds what is not a string", name)
			break
		}
		list = append(list, unquote(raw))
	}
	return list
}

// Users takes a field that must be an array of users if it is there: each an id,
// or an object of id and name.
func (o *Object) Users(name string) []chat.User {
	values, _ := o.list(name)
	var users []chat.User
	for _, raw := range values {
		var u chat.User
		switch raw[0] {
		case '"':
			u.ID = unquote(raw)
		case '{':
			inner, err := ParseObject(raw)
			if err != nil {
				o.err = firstError(o.err, err)
				return nil
			}
			u.ID = inner.String("id")
			u.Name, _ = inner.OptionalString("name")
			if err := inner.Err(); err != nil {
				o.err = firstError(o.err, err)
				return nil
			}
		default:
			o.fail(chat.ErrInvalidField, "field %q holds what is neither an id nor a user", name)
			return nil
		}
		users = append(users, u)
	}
	return users
}
