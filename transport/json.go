package transport

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/roomlog/chat"
)

// maxDepth is how deep JSON from outside may be nested.
const maxDepth = 32

// ParseObject reads one JSON object and nothing else. ErrInvalidUTF8 if it is not
// valid UTF-8 or escapes half of a surrogate pair; ErrMalformedJSON if it is not
// JSON or has something behind it; ErrInvalidField if it is not an object, names
// a field twice, at any depth, or is nested too deep. An object is returned with
// such an error too if its own fields could be told, and remembers the error.
func ParseObject(b []byte) (*Object, error) {
	if !utf8.Valid(b) {
		return nil, Errorf(chat.ErrInvalidUTF8, "the body is not valid UTF-8")
	}
	if !json.Valid(b) {
		return nil, Errorf(ErrMalformedJSON, "the body is not one JSON value")
	}
	p := parser{b: b}
	p.space()
	if p.b[p.i] != '{' {
		return nil, Errorf(chat.ErrInvalidField, "the body is not an object")
	}
	o := &Object{}
	p.object(1, func(name string, value json.RawMessage) {
		o.fields = append(o.fields, field{name: name, value: value})
	})
	o.err = p.err
	return o, p.err
}

// parser walks over JSON that is known to be valid, and looks for what the
// grammar allows and we do not.
type parser struct {
	b   []byte
	i   int
	err error
}

func (p *parser) fail(of *chat.Error, format string, args ...any) {
	if p.err == nil {
		p.err = Errorf(of, format, args...)
	}
}

func (p *parser) space() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\t' || p.b[p.i] == '\n' || p.b[p.i] == '\r') {
		p.i++
	}
}

// value steps over a value at a depth.
func (p *parser) value(depth int) {
	switch p.b[p.i] {
	case '{':
		p.object(depth+1, nil)
	case '[':
		p.array(depth + 1)
	case '"':
		p.str()
	default: // a number, true, false or null
		for p.i < len(p.b) && bytes.IndexByte([]byte(" \t\n\r,]}"), p.b[p.i]) < 0 {
			p.i++
		}
	}
}

// object steps over an object and hands its fields to each, if there is one. It
// goes no deeper than is allowed; what lies there is then skipped.
func (p *parser) object(depth int, each func(name string, value json.RawMessage)) {
	if depth > maxDepth {
		p.deep()
		return
	}
	seen := make(map[string]struct{})
	p.i++ // {
	for p.space(); p.b[p.i] != '}'; p.space() {
		if p.b[p.i] == ',' {
			p.i++
			p.space()
		}
		start := p.i
		p.str()
		name := unquote(p.b[start:p.i])
		if _, twice := seen[name]; twice {
			p.fail(chat.ErrInvalidField, "field %q is there twice", shorten(name))
		}
		seen[name] = struct{}{}
		p.space()
		p.i++ // :
		p.space()
		start = p.i
		p.value(depth)
		if each != nil {
			each(name, p.b[start:p.i:p.i])
		}
	}
	p.i++ // }
}

func (p *parser) array(depth int) {
	if depth > maxDepth {
		p.deep()
		return
	}
	p.i++ // [
	for p.space(); p.b[p.i] != ']'; p.space() {
		if p.b[p.i] == ',' {
			p.i++
			p.space()
		}
		p.value(depth)
	}
	p.i++ // ]
}

// deep steps over a value that is nested too deep, without recursion.
func (p *parser) deep() {
	p.fail(chat.ErrInvalidField, "the body is nested deeper than %d", maxDepth)
	for open := 0; ; {
		switch p.b[p.i] {
		case '"':
			p.str()
			continue
		case '{', '[':
			open++
		case '}', ']':
			open--
		}
		p.i++
		if open == 0 {
			return
		}
	}
}

// str steps over a string, and looks for halves of surrogate pairs.
func (p *parser) str() {
	p.i++         // "
	high := false // what came just before is the escape of a high half
	for {
		c := p.b[p.i]
		half := 0
		step := 1
		if c == '\\' {
			step = 2
			if p.b[p.i+1] == 'u' {
				step = 6
				half = surrogateHalf(p.b[p.i+2 : p.i+6])
			}
		}
		if high != (half == 2) {
			p.fail(chat.ErrInvalidUTF8, "a string escapes half of a surrogate pair")
		}
		high = half == 1
		p.i += step
		if c == '"' {
			return
		}
	}
}

// surrogateHalf tells whether four hexadecimal digits are the high half of a
// surrogate pair (1), the low one (2), or neither (0).
func surrogateHalf(digits []byte) int {
	if digits[0]|0x20 != 'd' {
		return 0
	}
	switch digits[1] | 0x20 {
	case '8', '9', 'a', 'b':
		return 1
	case 'c', 'd', 'e', 'f':
		return 2
	}
	return 0
}

// unquote returns what a valid JSON string says.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // it is valid
	return s
}
