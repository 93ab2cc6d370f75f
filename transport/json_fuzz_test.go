package transport_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/roomlog/chat/transport"
)

// An object is taken if, and only if, encoding/json reads it and it has none of
// what the protocol refuses beyond the grammar; and then both read the same.
func FuzzParseObject_agreesWithEncodingJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":"\ud83d\ude00","b":[1,2,{"c":null}]}`, " {\r\n\t}\n", `{"a":1}x`, `{"":"","\u0000":"\/"}`, `{"a":-0.1e+9}`, "\ufeff{}", `null`, `[{}]`,
		`{"a":1,"\u0061":2}`, `{"a":[{"b":1,"b":1}]}`, `{"a":{"a":{"a":1}}}`, `{"\ufffd":1,"�":2}`, "{\"a\":\"\xff\"}",
		`{"a":"\ud83d"}`, `{"a":"\\ud83d"}`, `{"a":"\\\ud83d"}`, `{"a":"\uDE00\uD83D"}`, `{"a":"\ud83d\\ude00"}`, `{"\udbff\udfff":"\ud7ff\ue000"}`,
		`{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, `{"a":` + strings.Repeat(`[`, 32) + `"]"` + strings.Repeat("]", 32) + `}`,
		strings.Repeat(`{"a":`, 33) + `"\"}"` + strings.Repeat("}", 33),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := transport.ParseObject(bytes.Clone(b))
		if want := strictObject(b); (err == nil) != want {
			t.Fatalf("%q should be taken: %v; the error is %v", b, want, err)
		}
		if err != nil {
			return
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(b, &fields); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if err := o.Err(); (err == nil) != (len(fields) == 0) {
			t.Errorf("%q, of which nothing was taken, has the error %v", b, err)
		}
		o, _ = transport.ParseObject(b)
		for name, want := range fields {
			if got := o.Raw(name); !bytes.Equal(got, want) {
				t.Errorf("%q has %q for %q, not %q", b, got, name, want)
			}
			var text string
			if want[0] == '"' && json.Unmarshal(want, &text) == nil && o.String(name) != text {
				t.Errorf("%q has the text %q for %q, not %q", b, o.String(name), name, text)
			}
		}
		if err := o.Err(); err != nil {
			t.Errorf("%q, of which all was taken, has the error %v", b, err)
		}
	})
}

var (
	backslash = regexp.MustCompile(`\\\\`)
	surrogate = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)
	half      = regexp.MustCompile(`\\u[dD][89a-fA-F]`)
)

// strictObject reports whether b is what the protocol calls an object. It leans
// on encoding/json, and shares no code with what it is compared to.
func strictObject(b []byte) bool {
	if !utf8.Valid(b) || !json.Valid(b) || bytes.TrimLeft(b, " \t\r\n")[0] != '{' {
		return false
	}
	if half.Match(surrogate.ReplaceAll(backslash.ReplaceAll(b, []byte("x")), []byte("x"))) {
		return false
	}
	type level struct {
		names map[string]bool // nil in an array
		value bool            // in an object, a value comes next
	}
	var levels []level
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return true // the end: it is valid
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].names != nil {
			top := &levels[n-1]
			if name, ok := token.(string); ok && !top.value {
				if top.names[name] {
					return false
				}
				top.names[name], top.value = true, true
				continue
			}
			top.value = false
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: make(map[string]bool)})
		case json.Delim('['):
			levels = append(levels, level{})
		}
		if len(levels) > 32 {
			return false
		}
	}
}
