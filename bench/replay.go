package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/roomlog/chat"
	bolt "go.etcd.io/bbolt"
)

// archive is a closed chat that is to be replayed.
type archive struct {
	dir   string
	rooms int
}

func (a archive) path() string { return filepath.Join(a.dir, "chat.db") }

// makeArchive posts so many events into so many rooms.
func makeArchive(s settings, rooms int) (archive, error) {
	dir, err := os.MkdirTemp(s.dir, "bench-*")
	if err != nil {
		return archive{}, err
	}
	a := archive{dir: dir, rooms: rooms}
	c, err := chat.Create(a.path(), nil)
	if err != nil {
		return a, err
	}
	_, err = load{callers: 1024, rooms: rooms, n: s.events}.onChat(c, s.keys)
	return a, errors.Join(err, c.Close())
}

// replayed is how many events a replay came to, in how long.
type replayed struct {
	events int64
	bytes  int64
	took   time.Duration
}

func (r replayed) perSecond() float64 { return float64(r.events) / r.took.Seconds() }

// replay opens the chat, so that nothing of it is in memory but the pages that
// the system keeps, and replays rooms one after the other, whole.
func (a archive) replay(rooms int) (r replayed, err error) {
	c, err := chat.Open(a.path(), nil)
	if err != nil {
		return r, err
	}
	defer c.Close()
	ctx, began := context.Background(), time.Now()
	for i := range rooms {
		for e, err := range c.Room(fmt.Sprintf("room-%d", i*7%a.rooms)).Replay(ctx, chat.Start) {
			if err != nil {
				return r, err
			}
			r.events++
			r.bytes += int64(len(e.JSON()))
		}
	}
	r.took = time.Since(began)
	return r, nil
}

// scan is the floor of a replay of the only room: a bare cursor over the log.
func (a archive) scan() (r replayed, err error) {
	err = a.view(func(log *bolt.Bucket) {
		began := time.Now()
		c := log.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			r.events++
			r.bytes += int64(len(v))
		}
		r.took = time.Since(began)
	})
	return r, err
}

// get is the floor of a replay of one room of many: the records of a room are
// far from each other, and each must be looked up. Which they are is known.
func (a archive) get() (r replayed, err error) {
	err = a.view(func(log *bolt.Bucket) {
		var ids [][]byte
		for i, c, k := 0, log.Cursor(), []byte(nil); ; i++ {
			if i == 0 {
				k, _ = c.First()
			} else {
				k, _ = c.Next()
			}
			if k == nil {
				break
			}
			if i%a.rooms == 0 {
				ids = append(ids, k)
			}
		}
		began := time.Now()
		for range 20 {
			for _, id := range ids {
				r.events++
				r.bytes += int64(len(log.Get(id)))
			}
		}
		r.took = time.Since(began)
	})
	return r, err
}

func (a archive) view(read func(log *bolt.Bucket)) error {
	db, err := bolt.Open(a.path(), 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second, InitialMmapSize: 8 << 30})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bolt.Tx) error { read(tx.Bucket([]byte("log"))); return nil })
}

// printReplay prints the table of replays.
func printReplay(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## Replay\n\n")
	fmt.Fprintf(out, "A chat of %s events is opened and rooms are replayed from the file, every record checked. The floor reads the same\n"+
		"records with bare bbolt and checks nothing: by a cursor over all of them, or by looking up each one of a room.\n\n", count(float64(s.events)))
	fmt.Fprintln(out, "| rooms | events of a room | events/s | MB/s | floor | of the floor |")
	fmt.Fprintln(out, "|--:|--:|--:|--:|--:|--:|")
	for _, rooms := range []int{1, 1000} {
		if err := printReplayRow(out, s, rooms); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	return nil
}

func printReplayRow(out io.Writer, s settings, rooms int) error {
	a, err := makeArchive(s, rooms)
	defer os.RemoveAll(a.dir)
	if err != nil {
		return err
	}
	measure := a.scan
	if rooms > 1 {
		measure = a.get
	}
	var ours, floor replayed
	for range 3 { // in turn, and the best of each
		f, err := measure()
		if err != nil {
			return err
		}
		o, err := a.replay(min(rooms, 100))
		if err != nil {
			return err
		}
		if f.perSecond() > floor.perSecond() || floor.took == 0 {
			floor = f
		}
		if o.perSecond() > ours.perSecond() || ours.took == 0 {
			ours = o
		}
	}
	fmt.Fprintf(out, "| %d | %d | %s | %.0f | %s | %.0f %% |\n", rooms, s.events/rooms, count(ours.perSecond()),
		float64(ours.bytes)/ours.took.Seconds()/1e6, count(floor.perSecond()), 100*ours.perSecond()/floor.perSecond())
	return nil
}
