package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roomlog/chat"
)

// longLog is a chat with one room of many messages.
type longLog struct {
	archive
	chat    *chat.Chat // nil while it is closed
	sample  []chat.ID  // some of the messages, evenly
	near    chat.ID    // the 101st from the end, when it was made
	backups int        // that were made meanwhile
}

const (
	slowReaders = 20
	slowness    = 10 * time.Millisecond // from event to event of each
)

// makeLong posts n messages, alone or while there is company: slow readers and
// backups. The chat is closed then.
func makeLong(s settings, n int, company bool) (l *longLog, err error) {
	l = &longLog{}
	l.rooms = 1
	if l.dir, err = os.MkdirTemp(s.dir, "bench-*"); err != nil {
		return nil, err
	}
	if l.chat, err = chat.Create(l.path(), nil); err != nil {
		return l, err
	}
	if _, err := (load{callers: 1, rooms: 1, n: 1}).onChat(l.chat, s.keys); err != nil { // the room is there
		return l, errors.Join(err, l.be(false))
	}
	leave := func() error { return nil }
	if company {
		leave = l.company()
	}
	_, err = load{callers: min(1024, n), rooms: 1, n: n}.onChat(l.chat, s.keys)
	if err := errors.Join(err, leave(), l.be(false)); err != nil {
		return l, err
	}
	return l, nil
}

// company lets slow readers read from the beginning, and makes one backup after
// the other, until what it returns is called.
func (l *longLog) company() (leave func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var failed atomic.Value
	for range slowReaders {
		wg.Go(func() {
			for _, err := range l.chat.Room(roomName(0)).Follow(ctx, chat.Start) {
				if err != nil {
					if ctx.Err() == nil {
						failed.Store(err)
					}
					return
				}
				select {
				case <-time.After(slowness):
				case <-ctx.Done():
				}
			}
		})
	}
	wg.Go(func() {
		path := filepath.Join(l.dir, "backup.db")
		for ctx.Err() == nil {
			if err := l.chat.Backup(ctx, path, nil); err != nil {
				if ctx.Err() == nil {
					failed.Store(err)
				}
			} else {
				l.backups++
			}
			_ = os.Remove(path)
		}
	})
	return func() error {
		cancel()
		wg.Wait()
		err, _ := failed.Load().(error)
		return err
	}
}

// fileSizes are bytes.
type fileSizes struct {
	messages           int
	events, log, views int64
	backups            int
}

// sizes reads the whole log, notes what the measurements need of it, and returns
// how much there is.
func (l *longLog) sizes(messages int) (f fileSizes, err error) {
	f.messages, f.backups = messages, l.backups
	for path, size := range map[string]*int64{l.path(): &f.log, l.path() + ".views": &f.views} {
		info, err := os.Stat(path)
		if err != nil {
			return f, err
		}
		*size = info.Size()
	}
	if err := l.be(true); err != nil {
		return f, err
	}
	room, n := l.chat.Room(roomName(0)), 0
	for e, err := range room.Replay(context.Background(), chat.Start) {
		if err != nil {
			return f, err
		}
		f.events += int64(len(e.JSON()))
		if n%max(1, messages/1000) == 0 {
			l.sample = append(l.sample, e.ID)
		}
		n++
	}
	if n < messages {
		return f, fmt.Errorf("%d events are there, want %d", n, messages)
	}
	l.near, n = chat.Start, 0
	for e, err := range room.Backward(context.Background(), chat.End) {
		if err != nil {
			return f, err
		}
		if l.near = e.ID; n == 100 {
			break
		}
		n++
	}
	return f, l.be(false)
}

// be opens or closes the chat, if it is not so.
func (l *longLog) be(open bool) (err error) {
	switch {
	case open && l.chat == nil:
		l.chat, err = chat.Open(l.path(), nil)
	case !open && l.chat != nil:
		c := l.chat
		l.chat = nil
		err = c.Close()
	}
	return err
}

func (l *longLog) newestPage() (time.Duration, error) { return l.page(chat.HistoryQuery{}) }

func (l *longLog) anyPage() (time.Duration, error) {
	return l.page(chat.HistoryQuery{Around: l.sample[rand.IntN(len(l.sample))]})
}

func (l *longLog) page(q chat.HistoryQuery) (time.Duration, error) {
	began := time.Now()
	page, err := l.chat.Room(roomName(0)).History(context.Background(), q)
	took := time.Since(began)
	if err == nil && len(page.Messages) == 0 {
		err = errors.New("the page is empty")
	}
	return took, err
}

// resume reads the events behind a cursor near the end.
func (l *longLog) resume() (time.Duration, error) {
	began, n := time.Now(), 0
	for _, err := range l.chat.Room(roomName(0)).Replay(context.Background(), l.near) {
		if err != nil {
			return 0, err
		}
		n++
	}
	took := time.Since(began)
	if n < 100 {
		return 0, fmt.Errorf("%d events are behind the cursor", n)
	}
	return took, nil
}

func (l *longLog) onePost() (time.Duration, error) {
	began := time.Now()
	_, err := l.chat.Room(roomName(0)).Post(context.Background(), writer, messageText)
	return time.Since(began), err
}

// open opens the chat, which is closed.
func (l *longLog) open() (time.Duration, error) {
	began := time.Now()
	err := l.be(true)
	took := time.Since(began)
	return took, errors.Join(err, l.be(false))
}

// crash lets a server post into the chat, kills it and opens the chat.
func (l *longLog) crash(s settings) (time.Duration, error) {
	srv, err := start(s, order{Kind: "chat", Dir: l.dir})
	if err != nil {
		return 0, err
	}
	defer srv.kill()
	p, err := connectPosters(srv.port, s.posters, 1, time.Now(), nil)
	if err != nil {
		return 0, err
	}
	defer p.close()
	go p.run()
	for began := time.Now(); time.Since(began) < s.warm || p.posted.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > s.warm+patience {
			return 0, errors.New("nothing was posted before the crash")
		}
	}
	srv.kill()
	if <-p.done == nil {
		return 0, errors.New("the posters did not notice the crash")
	}
	return l.open()
}

// rebuild removes the views and opens the chat.
func (l *longLog) rebuild() (time.Duration, error) {
	if err := os.Remove(l.path() + ".views"); err != nil {
		return 0, err
	}
	return l.open()
}
