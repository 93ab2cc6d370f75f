package client

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
)

// Signals yields what is so just now in the room: first what is, then what changes.
// Nothing is queued: one who is slow gets the newest of each kind. It goes on over
// lost connections; an error is the end.
func (r *Room) Signals(ctx context.Context) iter.Seq2[Signal, error] {
	return func(yield func(Signal, error) bool) {
		for {
			l, err := r.listen(ctx)
			if err == nil {
				err = l.serve(ctx, yield)
				l.detach()
			}
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// errStopped says that the loop has ended.
var errStopped = errors.New("client: the loop has ended")

// listener is one who hears the signals of a room. It is guarded by the client's mu.
type listener struct {
	feed *feed
	gone bool
	why  error // nil: come back
	wake chan struct{}

	typing, read, presence, cleared bool // there is something new
	receipts                        map[string]Receipt
	custom                          map[customKey]CustomSignal
	order                           []customKey // of custom, as they came
}

// listen makes a listener, at the present if nobody follows the room.
func (r *Room) listen(ctx context.Context) (*listener, error) {
	c := r.c
	store := c.Store()
	page, err := c.readLog(ctx, r.id, string(Latest), "")
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f, _ := c.enter(r.id, page.Next, store)
	l := &listener{
		feed: f, wake: make(chan struct{}, 1), receipts: map[string]Receipt{}, custom: map[customKey]CustomSignal{},
		typing: f.now.typing != nil, read: f.now.read != nil, presence: f.now.presence != nil,
	}
	f.listeners[l] = struct{}{}
	l.ring()
	return l, nil
}

// serve yields what is new until the listener has to leave: nil if it is to come
// back.
func (l *listener) serve(ctx context.Context, yield func(Signal, error) bool) error {
	for {
		select {
		case <-l.wake:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.feed.c.ctx.Done():
			return context.Cause(l.feed.c.ctx)
		}
		list, gone, why := l.take()
		for _, s := range list {
			if !yield(s, nil) {
				return errStopped
			}
		}
		if gone {
			var reset *Reset
			if errors.As(why, &reset) {
				return nil
			}
			return why
		}
	}
}

// take returns what is new.
func (l *listener) take() (list []Signal, gone bool, why error) {
	l.feed.c.mu.Lock()
	defer l.feed.c.mu.Unlock()
	now := &l.feed.now
	if l.presence {
		list = append(list, *now.presence)
	}
	if l.typing {
		list = append(list, *now.typing)
	}
	if l.read {
		list = append(list, *now.read)
	}
	if len(l.receipts) > 0 {
		r := Receipts{}
		for _, id := range slices.Sorted(maps.Keys(l.receipts)) {
			r.List = append(r.List, l.receipts[id])
		}
		list = append(list, r)
	}
	if l.cleared {
		list = append(list, Cleared{})
	}
	for _, k := range l.order {
		list = append(list, l.custom[k])
	}
	l.presence, l.typing, l.read, l.cleared, l.order = false, false, false, false, nil
	clear(l.receipts)
	clear(l.custom)
	return list, l.gone, l.why
}

// put takes a custom signal in the place of the one before of its user and kind.
func (l *listener) put(s CustomSignal) {
	k := customKey{s.User.ID, s.Kind}
	if _, has := l.custom[k]; !has {
		l.order = append(l.order, k)
	}
	l.custom[k] = s
}

// leave ends that the listener hears anything. The caller holds mu.
func (l *listener) leave(why error) {
	delete(l.feed.listeners, l)
	if !l.gone {
		l.gone, l.why = true, why
		l.ring()
	}
}

func (l *listener) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *listener) detach() {
	l.feed.c.mu.Lock()
	defer l.feed.c.mu.Unlock()
	if !l.gone {
		l.leave(nil)
		l.feed.tidy()
	}
}
