package transport

import (
	"context"

	"github.com/roomlog/chat"
)

// Mentions returns a page of the messages that mention the user, without those
// of rooms that Grant.May does not let them read.
func (g *Gate) Mentions(ctx context.Context, grant *Grant, q chat.MentionsQuery) (chat.Page, error) {
	page, err := g.chat.Mentions(ctx, grant.User.ID, q)
	if err != nil {
		return page, err
	}
	visible := page.Messages[:0]
	for _, m := range page.Messages {
		if g.Allow(grant, Read, m.Room) == nil {
			visible = append(visible, m)
		}
	}
	page.Messages = visible
	return page, nil
}
