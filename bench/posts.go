package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/roomlog/chat"
	bolt "go.etcd.io/bbolt"
)

// messageText is what is posted.
const messageText = "Are we still on for lunch at half past twelve?"

// load is a measurement of posts: so many callers, each of whom waits for one
// post to be durable before the next, until the time is over or n are made.
type load struct {
	callers, rooms int
	took           time.Duration
	n              int // 0 = no limit
}

// rate is what a load came to.
type rate struct {
	posts   int64
	took    time.Duration
	cpu     time.Duration
	latency histogram
}

func (r *rate) perSecond() float64 { return float64(r.posts) / r.took.Seconds() }

func (r *rate) cpuEach() time.Duration { return r.cpu / time.Duration(max(r.posts, 1)) }

func (r *rate) add(o *rate) {
	r.posts, r.took, r.cpu = r.posts+o.posts, r.took+o.took, r.cpu+o.cpu
	r.latency.merge(&o.latency)
}

// measure runs a load. post makes the n-th post of a caller.
func (l load) measure(post func(caller, n int) error) (*rate, error) {
	each := make([]histogram, l.callers)
	errs := make([]error, l.callers)
	cpu, began := cpuTime(), time.Now()
	var wg sync.WaitGroup
	for c := range l.callers {
		wg.Go(func() {
			for n := 0; (l.n == 0 || n*l.callers+c < l.n) && (l.took == 0 || time.Since(began) < l.took); n++ {
				from := time.Now()
				if errs[c] = post(c, n); errs[c] != nil {
					return
				}
				each[c].add(time.Since(from))
			}
		})
	}
	wg.Wait()
	r := &rate{took: time.Since(began), cpu: cpuTime() - cpu}
	for c := range each {
		r.latency.merge(&each[c])
	}
	r.posts = r.latency.n
	return r, errors.Join(errs...)
}

// onFloor measures a load on the floor.
func (l load) onFloor(f *floor, size int) (*rate, error) {
	callers := make([]caller, l.callers)
	for i := range callers {
		callers[i] = caller{record: make([]byte, size), answer: make(chan error, 1)}
	}
	return l.measure(func(c, _ int) error { return f.post(&callers[c]) })
}

// onChat measures a load on a chat.
func (l load) onChat(c *chat.Chat, keys bool) (*rate, error) {
	ctx := context.Background()
	rooms := make([]*chat.Room, l.rooms)
	for i := range rooms {
		rooms[i] = c.Room(fmt.Sprintf("room-%d", i))
	}
	users := make([]chat.User, l.callers)
	for i := range users {
		users[i] = chat.User{ID: fmt.Sprintf("user-%06d", i), Name: "Somebody"}
	}
	began := time.Now().UnixNano()
	return l.measure(func(c, n int) error {
		cmd := chat.Command{User: users[c], Fact: chat.MessagePosted{Text: messageText}}
		if keys {
			cmd.Key = fmt.Sprintf("%016x-%04x-%08x", began, c, n)
		}
		_, err := rooms[(c*131+n*7919)%l.rooms].Do(ctx, cmd)
		return err
	})
}

// recordSize makes a small chat and returns how long its records are in the
// file, which is what the floor has to write, too.
func recordSize(dir string, keys bool) (int, error) {
	dir, err := os.MkdirTemp(dir, "bench-*")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "chat.db")
	c, err := chat.Create(path, nil)
	if err != nil {
		return 0, err
	}
	_, err = load{callers: 16, rooms: 16, n: 400}.onChat(c, keys)
	if err := errors.Join(err, c.Close()); err != nil {
		return 0, err
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var n, size int
	err = db.View(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("log")).ForEach(func(_, v []byte) error {
			n, size = n+1, size+len(v)
			return nil
		})
	})
	if err != nil || n == 0 {
		return 0, errors.Join(err, errors.New("no records to measure"))
	}
	return size / n, nil
}

// printPosts prints the table of durable posts.
func printPosts(out io.Writer, s settings) error {
	size, err := recordSize(s.dir, s.keys)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "## Durable posts\n\n")
	fmt.Fprintf(out, "Callers that each wait until one post is durable before the next, for %s a run. The floor is a bare bbolt loop with group\n"+
		"commit and one put of a record of the same %d bytes, half of it measured before and half behind. Medians of %d such pairs, ratios within a pair.\n\n", s.took, size, s.pairs)
	fmt.Fprintln(out, "| callers | rooms | posts/s | floor | of the floor | p50 | p99 | floor p50 | floor p99 | p99 / floor | CPU a post | floor |")
	fmt.Fprintln(out, "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, rooms := range s.spread {
		for _, callers := range s.callers {
			if err := printPostsRow(out, s, load{callers: callers, rooms: rooms, took: s.took}, size); err != nil {
				return err
			}
		}
	}
	fmt.Fprintln(out)
	return nil
}

func printPostsRow(out io.Writer, s settings, l load, size int) error {
	var ours, floor []*figures
	for i := range s.pairs {
		o, f, err := l.beside(s, size)
		if err != nil {
			return err
		}
		ours, floor = append(ours, o.figures()), append(floor, f.figures())
		progress("posts of %d callers in %d rooms, pair %d of %d: %s/s, floor %s/s", l.callers, l.rooms, i+1, s.pairs, count(o.perSecond()), count(f.perSecond()))
	}
	fmt.Fprintf(out, "| %d | %d | %s | %s | %.0f %% | %s | %s | %s | %s | %.1f | %s | %s |\n", l.callers, l.rooms,
		count(median(ours, rateOf)), count(median(floor, rateOf)), 100*ratioOf(ours, floor, rateOf),
		duration(median(ours, answerOf(50))), duration(median(ours, answerOf(99))), duration(median(floor, answerOf(50))), duration(median(floor, answerOf(99))),
		ratioOf(ours, floor, answerOf(99)), duration(median(ours, cpuOf)), duration(median(floor, cpuOf)))
	return nil
}

func (r *rate) figures() *figures {
	return &figures{rate: r.perSecond(), cpu: float64(r.cpuEach()), answer: r.latency}
}

// beside measures a load on a new chat, between two halves on the floor, which
// share a file. Nothing else runs meanwhile: the chat is closed before the
// second half.
func (l load) beside(s settings, size int) (ours, floor *rate, err error) {
	dir, err := os.MkdirTemp(s.dir, "bench-*")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	f, err := openFloor(dir, nil)
	if err != nil {
		return nil, nil, err
	}
	defer f.close()
	half := l
	half.took, half.n = l.took/2, l.n/2
	if floor, err = half.onFloor(f, size); err != nil {
		return nil, nil, err
	}
	c, err := chat.Create(filepath.Join(dir, "chat.db"), nil)
	if err != nil {
		return nil, nil, err
	}
	ours, err = l.onChat(c, s.keys)
	if err := errors.Join(err, c.Close()); err != nil {
		return nil, nil, err
	}
	second, err := half.onFloor(f, size)
	if err != nil {
		return nil, nil, err
	}
	floor.add(second)
	return ours, floor, nil
}
