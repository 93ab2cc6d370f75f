package chat

import (
	"context"
	"encoding/binary"

	"github.com/roomlog/chat/store"
)

// threadOf returns the message whose thread a message belongs to: the one that
// it names, else the one that it answers, else none.
func threadOf(replyTo, thread ID) ID {
	if thread != Start {
		return thread
	}
	return replyTo
}

func replyToKey(number uint32, message ID) string {
	return string(messageKey(rowReplyTo, number, message))
}

func replyKey(number uint32, root, reply ID) string {
	return string(append(messageKey(rowReply, number, root), reply[:]...))
}

func replyCountKey(number uint32, root ID) string {
	return string(messageKey(rowReplyCount, number, root))
}

func replyCount(v store.View, number uint32, root ID) uint64 {
	value, _ := v.Get(replyCountKey(number, root))
	n, _ := cutUvarint(value)
	return n
}

func setReplyCount(rows store.Rows, number uint32, root ID, n uint64) {
	if n == 0 {
		rows.Delete(replyCountKey(number, root))
		return
	}
	rows.Set(replyCountKey(number, root), string(binary.AppendUvarint(nil, n)))
}

// Thread returns a page of the replies to a message, deleted ones too, as
// History returns one of the room. ErrMessageNotFound where there is no such
// message.
func (r *Room) Thread(ctx context.Context, root ID, q HistoryQuery) (Page, error) {
	return r.page(ctx, q, func(s *sight) (lane, error) {
		if _, _, err := s.message(root); err != nil {
			return nil, err
		}
		return s.replies(root), nil
	})
}

// replies yields the replies to a message.
func (s *sight) replies(root ID) lane {
	return func(after, before ID, back bool) idSeq {
		from, to := replyKey(s.room.Number, root, successor(after)), replyKey(s.room.Number, root, before)
		if before == Start {
			_, to = messageRange(rowReply, s.room.Number, root, root)
		}
		rows := s.view.Ascend
		if back {
			rows = s.view.Descend
		}
		return func(yield func(ID) bool) {
			for key := range rows(from, to) {
				if _, rest := messageOf(key); !yield(idAt(rest)) {
					return
				}
			}
		}
	}
}
