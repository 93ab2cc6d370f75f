package chat

import (
	"context"
	"slices"
	"strings"
)

// Receipt tells the others of a room how far somebody has read.
type Receipt struct {
	User User `json:"user"`
	UpTo ID   `json:"up_to"`
}

// maxReceipts is how many receipts a room tells of.
const maxReceipts = 1000

// Receipts tells how far each member has read, in the order of their ids, where
// the room shows that: see RoomCreated.Receipts. Of a room with many members it
// tells of the first 1,000. ErrForbidden where the room does not show it; other
// errors are as for Info.
func (r *Room) Receipts(ctx context.Context, viewer string) ([]Receipt, error) {
	list := []Receipt{}
	err := r.read(ctx, viewer, func(s *sight) error {
		if !s.showsReceipts() {
			return ErrForbidden.because("the room shows no receipts")
		}
		list = s.receipts(list[:0])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (s *sight) showsReceipts() bool {
	return getSettings(s.view, s.room.Number, s.rules).Receipts
}

// receipts appends the receipts of the members.
func (s *sight) receipts(list []Receipt) []Receipt {
	marks := map[string]ID{}
	for user, at := range s.view.Markers(s.room.ID) {
		marks[user] = at
	}
	for m := range members(s.view, s.room.Number) {
		if len(list) == maxReceipts {
			break
		}
		upTo := marks[m.ID]
		if in, ok := getMember(s.view, s.room.Number, m.ID); ok && in.since.Compare(upTo) > 0 {
			upTo = in.since
		}
		list = append(list, Receipt{User{m.ID, m.Name}, upTo})
	}
	slices.SortFunc(list, func(a, b Receipt) int { return strings.Compare(a.User.ID, b.User.ID) })
	return list
}

// receipt is a Receipt that is to be told, if the room shows it.
type receipt struct {
	Receipt
	shown bool
}

func (s *sight) receiptOf(user string) receipt {
	m, in := getMember(s.view, s.room.Number, user)
	return receipt{Receipt{User: User{ID: user, Name: m.name}}, in && s.showsReceipts()}
}
