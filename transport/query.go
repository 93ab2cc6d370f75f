package transport

import (
	"net/url"

	"github.com/roomlog/chat"
)

// single are the parameters of calls that say one thing each.
var single = []string{"limit", "before", "after", "around", "store", "wait", "scope", "history", "named", "q", "ban"}

// CheckQuery returns ErrInvalidField if the query of a call holds what cannot be
// read, or says twice what is said once: else a part of it would be left out
// without a word. Streams, which no cursor fails, do not ask.
func CheckQuery(u *url.URL) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Errorf(chat.ErrInvalidField, "the query cannot be read: %s", shorten(err.Error()))
	}
	for _, name := range single {
		if n := len(query[name]); n > 1 {
			return Errorf(chat.ErrInvalidField, "parameter %s is there %d times", name, n)
		}
	}
	return nil
}
