package transport

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/roomlog/chat"
)

// Object is a JSON object that was read strictly. Its fields are taken by name;
// the first that is not as it must be is remembered, and so is which were taken:
// ask Err before anything is done with them. Names are compared exactly. The
// zero Object has no fields.
type Object struct {
	fields []field
	err    error
}

type field struct {
	name  string
	value json.RawMessage
	taken bool
}

// lookup takes a field.
func (o *Object) lookup(name string) (json.RawMessage, bool) {
	i := slices.IndexFunc(o.fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil, false
	}
	o.fields[i].taken = true
	return o.fields[i].value, true
}

// fail remembers the first error.
func (o *Object) fail(of *chat.Error, format string, args ...any) {
	if o.err == nil {
		o.err = Errorf(of, format, args...)
	}
}

// Err returns what was wrong with the fields that were taken, or ErrInvalidField
// if there is one that was not: nobody knows it.
func (o *Object) Err() error {
	if o.err != nil {
		return o.err
	}
	for _, f := range o.fields {
		if !f.taken {
			return Errorf(chat.ErrInvalidField, "field %q is not known here", shorten(f.name))
		}
	}
	return nil
}

// String takes a field that must be there and be a string.
func (o *Object) String(name string) string {
	s, ok := o.OptionalString(name)
	if !ok {
		o.fail(chat.ErrInvalidField, "field %q is missing", name)
	}
	return s
}

// OptionalString takes a field that must be a string if it is there.
func (o *Object) OptionalString(name string) (string, bool) {
	raw, ok := o.lookup(name)
	if !ok {
		return "", false
	}
	if raw[0] != '"' {
		o.fail(chat.ErrInvalidField, "field %q is not a string", name)
		return "", true
	}
	return unquote(raw), true
}

// Raw takes a field of any type; nil where it is not there.
func (o *Object) Raw(name string) json.RawMessage {
	raw, _ := o.lookup(name)
	return raw
}

// Message takes the field "message", which must be there and be the ID of one:
// ErrMessageNotFound if it cannot be one.
func (o *Object) Message() chat.ID {
	s := o.String("message")
	if o.err != nil {
		return chat.ID{}
	}
	id, ok := ParseID(s)
	if !ok {
		o.fail(chat.ErrMessageNotFound, "%q is not the id of one", shorten(s))
	}
	return id
}

// Limit takes the field "limit", which must be a whole number above 0 if it is
// there and not null. 0 stands for the default.
func (o *Object) Limit() int {
	raw, ok := o.lookup("limit")
	if !ok || string(raw) == "null" {
		return 0
	}
	n, err := ParseLimit(string(raw))
	if err != nil {
		o.err = firstError(o.err, err)
	}
	return n
}

// Bound takes a field that bounds a page, if it is there: a cursor.
func (o *Object) Bound(name string) chat.ID {
	s, ok := o.OptionalString(name)
	if !ok || s == "" {
		return chat.ID{}
	}
	id, err := ParseCursor(s).Bound()
	if err != nil {
		o.err = firstError(o.err, err)
	}
	return id
}

// Cursor takes a field that must be there and be a cursor, or a word for one.
func (o *Object) Cursor(name string) chat.ID {
	s := o.String(name)
	if o.err != nil {
		return chat.ID{}
	}
	id, err := ParseCursor(s).Bound()
	if err == nil && s == "" {
		err = Errorf(ErrInvalidCursor, "it is empty")
	}
	o.err = firstError(o.err, err)
	return id
}

// ParseLimit reads how many entries a page may have: a whole number above 0.
func ParseLimit(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if (err != nil && n != math.MaxUint64) || n == 0 { // one that is too large to count is capped like all
		return 0, Errorf(chat.ErrInvalidField, "limit is %q, not a whole number above 0", shorten(s))
	}
	return int(min(n, math.MaxInt32)), nil
}

func firstError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// shorten cuts what a client sent to what an answer should repeat.
func shorten(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most]
	}
	return s
}
