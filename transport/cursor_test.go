package transport_test

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

const someID = "01K6ABCDEFGHJKMNPQRSTVWXYZ"

func TestParseCursor_takesIDsAndWordsInEitherCase(t *testing.T) {
	some, ok := transport.ParseID(someID)
	if !ok {
		t.Fatal("the ID of the test is none")
	}
	for _, test := range []struct {
		text string
		want chat.ID
		ok   bool
	}{
		{someID, some, true},
		{"01k6abcdefghjkmnpqrstvwxyz", some, true},
		{"earliest", chat.Start, true},
		{"EARLIEST", chat.Start, true},
		{"latest", chat.End, true},
		{"Latest", chat.End, true},
		{"", chat.End, true},
		{"first", chat.ID{}, false},
		{someID + "0", chat.ID{}, false},
		{someID[1:], chat.ID{}, false},
		{"01K6ABCDEFGHJKMNPQRSTVWXYU", chat.ID{}, false}, // U is no digit
		{"8ZZZZZZZZZZZZZZZZZZZZZZZZZ", chat.ID{}, false}, // more than 128 bits
	} {
		got, err := transport.ParseCursor(test.text).Position()
		if (err == nil) != test.ok || got != test.want {
			t.Errorf("%q is %s, %v", test.text, got, err)
		}
		if err != nil && !errors.Is(err, transport.ErrInvalidCursor) {
			t.Errorf("%q: %v", test.text, err)
		}
	}
}

func TestParseCursor_tellsIDsFromTheWordsOfPackageChat(t *testing.T) {
	for _, text := range []string{"00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"} {
		got, err := transport.ParseCursor(text).Position()
		if err != nil || got == chat.Start || got == chat.End {
			t.Errorf("%s is %s, %v", text, got, err)
		}
	}
}

func TestRequestCursor_takesTheFirstThatIsNotEmpty(t *testing.T) {
	const other = "01K6ZZZZZZZZZZZZZZZZZZZZZZ"
	for _, test := range []struct{ header, query, want string }{
		{"", "", "latest"},
		{"", "after=" + someID, someID},
		{"", "last_event_id=" + someID, someID},
		{"", "after=&last_event_id=" + someID, someID},
		{"", "after=" + someID + "&last_event_id=" + other, someID},
		{other, "after=" + someID, other},
		{"earliest", "after=" + someID, "earliest"},
		{"rubbish", "after=" + someID, "rubbish"},
		{"", "after=&after=" + someID, someID},
		{"", "after=%zz", "rubbish"},
		{"", "after=" + someID + ";named=1", "rubbish"},
		{"", "after=" + someID + "&x=%zz", someID},
		{someID, "after=%zz", someID},
	} {
		r := httptest.NewRequest("GET", "/?"+test.query, nil)
		if test.header != "" {
			r.Header.Set("Last-Event-ID", test.header)
		}
		got := transport.RequestCursor(r)
		if got != transport.ParseCursor(test.want) {
			t.Errorf("header %q and query %q give %v", test.header, test.query, got)
		}
	}
}
