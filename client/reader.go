package client

// reader is one who follows a room, at a feed. It is guarded by the client's mu.
type reader struct {
	feed  *feed
	queue []Event // what has come and was not taken
	bytes int     // of it
	gone  bool    // nothing more comes
	why   error   // of that; nil: go on with the log
	wake  chan struct{}
}

// attach makes one who stands at a position a reader of the room. They get all that
// the feed hands out from now on: what lies between at and upTo they read from the
// log. ok is false if the room's feed is of another store than their position.
func (c *Client) attach(room string, at ID, store string) (r *reader, upTo ID, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.enter(room, at, store)
	if !ok {
		return nil, "", false
	}
	r = &reader{feed: f, wake: make(chan struct{}, 1)}
	f.readers[r] = struct{}{}
	return r, f.at, true
}

// push queues an event. A reader who is too slow is sent to the log: what is queued
// is kept, what follows they read there.
func (r *reader) push(e Event) {
	if len(r.queue) >= r.feed.c.options.Buffer || r.bytes > bufferBytes {
		r.leave(nil)
		return
	}
	r.queue = append(r.queue, e)
	r.bytes += len(e.raw)
	r.ring()
}

// leave ends that the reader gets anything. The caller holds mu.
func (r *reader) leave(why error) {
	delete(r.feed.readers, r)
	if !r.gone {
		r.gone, r.why = true, why
		r.ring()
	}
}

func (r *reader) ring() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take returns what has come. gone and why are only true once all was taken.
func (r *reader) take() (list []Event, gone bool, why error) {
	r.feed.c.mu.Lock()
	defer r.feed.c.mu.Unlock()
	list = r.queue
	r.queue, r.bytes = nil, 0
	return list, r.gone && len(list) == 0, r.why
}

// in reports whether the room was there.
func (r *reader) in() bool {
	r.feed.c.mu.Lock()
	defer r.feed.c.mu.Unlock()
	return r.feed.in
}

// detach ends the reader.
func (r *reader) detach() {
	r.feed.c.mu.Lock()
	defer r.feed.c.mu.Unlock()
	if !r.gone {
		r.leave(nil)
		r.feed.tidy()
	}
}
