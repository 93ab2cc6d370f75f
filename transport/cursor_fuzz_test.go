package transport_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// What a cursor may be, by the protocol: 128 bits in Crockford's base 32, or a
// word, each in either case.
var (
	aULID    = regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$`)
	earliest = regexp.MustCompile(`^[Ee][Aa][Rr][Ll][Ii][Ee][Ss][Tt]$`)
	latest   = regexp.MustCompile(`^([Ll][Aa][Tt][Ee][Ss][Tt])?$`)
)

func FuzzCursor_isReadOrRefused(f *testing.F) {
	for _, s := range []string{
		"", "latest", "LATEST", "lateſt", "earliest", "Earliest", "EARLİEST", "first", someID, "01k6abcdefghjkmnpqrstvwxyz", someID + "0", someID[1:],
		"00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01K6ABCDEFGHJKMNPQRSTVWXYU", "\x00\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := transport.ParseCursor(s)
		id, err := c.Position()
		bound, boundErr := c.Bound()
		if (err == nil) != (boundErr == nil) || err != nil && !errors.Is(err, transport.ErrInvalidCursor) {
			t.Fatalf("%q as a position: %v, as a bound: %v", s, err, boundErr)
		}
		switch {
		case aULID.MatchString(s):
			want := strings.ToUpper(s)
			switch want { // those are words of package chat, and become their neighbours
			case chat.Start.String():
				want = want[:25] + "1"
			case chat.End.String():
				want = want[:25] + "Y"
			}
			if err != nil || id.String() != want {
				t.Errorf("%q is %s, %v", s, id, err)
			}
			if id == chat.Start || id == chat.End || bound != id {
				t.Errorf("%q is %s, as a bound %s", s, id, bound)
			}
		case earliest.MatchString(s):
			if err != nil || id != chat.Start || bound == chat.Start {
				t.Errorf("%q is %s, as a bound %s, %v", s, id, bound, err)
			}
		case latest.MatchString(s):
			if err != nil || id != chat.End || bound != chat.End {
				t.Errorf("%q is %s, as a bound %s, %v", s, id, bound, err)
			}
		case err == nil:
			t.Errorf("%q is taken for %s", s, id)
		}
	})
}
