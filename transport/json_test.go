package transport_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func TestParseObject_isStrict(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       error // nil = the field text is "a"
	}{
		{"plain", `{"text":"a"}`, nil},
		{"white space", " \t\r\n{ \"text\" : \"a\" } \n", nil},
		{"escaped name", `{"te\u0078t":"a"}`, nil},
		{"surrogate pair", `{"text":"a","x":"\ud83d\ude00"}`, nil},
		{"escaped backslash before u", `{"text":"a","x":"\\ud83d"}`, nil},
		{"32 deep", `{"text":"a","x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, nil},

		{"empty", ``, transport.ErrMalformedJSON},
		{"cut", `{"text":"a"`, transport.ErrMalformedJSON},
		{"trailing value", `{"text":"a"}{}`, transport.ErrMalformedJSON},
		{"trailing comma", `{"text":"a",}`, transport.ErrMalformedJSON},
		{"raw control character", "{\"text\":\"a\nb\"}", transport.ErrMalformedJSON},
		{"byte order mark", "\ufeff{}", transport.ErrMalformedJSON},
		{"single quotes", `{'text':'a'}`, transport.ErrMalformedJSON},

		{"array", `["a"]`, chat.ErrInvalidField},
		{"string", `"a"`, chat.ErrInvalidField},
		{"null", `null`, chat.ErrInvalidField},
		{"twice", `{"text":"a","text":"b"}`, chat.ErrInvalidField},
		{"twice by escape", `{"text":"a","te\u0078t":"b"}`, chat.ErrInvalidField},
		{"twice below", `{"text":"a","x":[{"b":1,"b":2}]}`, chat.ErrInvalidField},
		{"33 deep", `{"text":"a","x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, chat.ErrInvalidField},
		{"33 deep in objects", strings.Repeat(`{"text":`, 33) + `"}{"` + strings.Repeat("}", 33), chat.ErrInvalidField},
		{"5000 deep", `{"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, chat.ErrInvalidField},

		{"invalid UTF-8", "{\"text\":\"\xff\"}", chat.ErrInvalidUTF8},
		{"high half alone", `{"text":"\ud83d"}`, chat.ErrInvalidUTF8},
		{"high half before text", `{"text":"\ud83dx"}`, chat.ErrInvalidUTF8},
		{"high half before another escape", `{"text":"\ud83d\n"}`, chat.ErrInvalidUTF8},
		{"two high halves", `{"text":"\ud83d\ud83d\ude00"}`, chat.ErrInvalidUTF8},
		{"low half alone", `{"text":"\uDE00"}`, chat.ErrInvalidUTF8},
		{"half in a name", `{"\ude00":1}`, chat.ErrInvalidUTF8},
		{"half below", `{"x":{"y":["\ude00"]}}`, chat.ErrInvalidUTF8},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, err := transport.ParseObject([]byte(test.body))
			if !errors.Is(err, test.want) {
				t.Fatalf("error is %v, not %v", err, test.want)
			}
			if err != nil {
				return
			}
			if got := o.String("text"); got != "a" {
				t.Errorf("text is %q", got)
			}
		})
	}
}

func TestObject_refusesWhatNobodyTook(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       error
	}{
		{"all known", `{"text":"a","limit":3}`, nil},
		{"unknown", `{"text":"a","user":"bob"}`, chat.ErrInvalidField},
		{"other case", `{"text":"a","Limit":3}`, chat.ErrInvalidField},
		{"missing", `{"limit":3}`, chat.ErrInvalidField},
		{"number for text", `{"text":1}`, chat.ErrInvalidField},
		{"null for text", `{"text":null}`, chat.ErrInvalidField},
		{"limit 0", `{"text":"a","limit":0}`, chat.ErrInvalidField},
		{"limit negative", `{"text":"a","limit":-1}`, chat.ErrInvalidField},
		{"limit null", `{"text":"a","limit":null}`, nil},
		{"limit text", `{"text":"a","limit":"3"}`, chat.ErrInvalidField},
		{"limit beyond all counting", `{"text":"a","limit":99999999999999999999999}`, nil},
		{"message not an id", `{"text":"a","message":"x"}`, chat.ErrMessageNotFound},
		{"bound not a cursor", `{"text":"a","before":"x"}`, transport.ErrInvalidCursor},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, err := transport.ParseObject([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			o.String("text")
			o.Limit()
			o.Bound("before")
			if strings.Contains(test.body, "message") {
				o.Message()
			}
			if err := o.Err(); !errors.Is(err, test.want) {
				t.Errorf("error is %v, not %v", err, test.want)
			}
		})
	}
}
