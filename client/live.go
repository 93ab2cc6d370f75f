package client

import (
	"context"
	"errors"
	"iter"
)

// Update is what Live yields: a page that takes the place of all that was shown of
// the room, or an event that follows it.
type Update struct {
	Page  *Page  // nil for an event
	Event Event  // where there is no page
	Reset *Reset // why the page comes again; nil at the first
}

// Live yields the newest page of the room's history, of at most limit messages (0 is
// 50), and then what follows, without a gap or an overlap. After a reset it yields
// the newest page again. An error is the end, and as those of Follow; a *Reset is
// none.
func (r *Room) Live(ctx context.Context, limit int) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		var reset *Reset
		for {
			page, err := r.History(ctx, HistoryQuery{Limit: limit})
			if err != nil {
				yield(Update{}, err)
				return
			}
			if !yield(Update{Page: &page, Reset: reset}, nil) {
				return
			}
			for e, err := range r.Follow(ctx, page.Cursor) {
				if errors.As(err, &reset) {
					break
				}
				if !yield(Update{Event: e}, err) || err != nil {
					return
				}
			}
		}
	}
}
