package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/roomlog/chat"
)

// printMarks prints how many markers move in a second, and what that costs posts.
func printMarks(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## Markers\n\n")
	fmt.Fprintf(out, "Callers that each move their marker to the next message and wait until that is durable, for %s a row.\n\n", s.took)
	fmt.Fprintln(out, "| callers | marks/s | p50 | p99 |")
	fmt.Fprintln(out, "|--:|--:|--:|--:|")
	for _, callers := range []int{1, 64} {
		r, err := measureMarks(s, callers)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %d | %s | %s | %s |\n", callers, count(r.perSecond()), us(r.latency.at(50)), us(r.latency.at(99)))
	}
	return printBeside(out, s)
}

// printBeside prints what posts cost beside marks. Which of a pair goes first
// takes turns.
func printBeside(out io.Writer, s settings) error {
	const pairs = 7
	var with, without, ratios []float64
	var cpu [2][]time.Duration
	for i := range pairs {
		var pair [2]*rate
		for j := range 2 {
			k := (i + j) % 2
			var err error
			if pair[k], err = measureBeside(s, k == 1); err != nil {
				return err
			}
			cpu[k] = append(cpu[k], pair[k].cpuEach())
		}
		without, with = append(without, pair[0].perSecond()), append(with, pair[1].perSecond())
		ratios = append(ratios, pair[1].perSecond()/pair[0].perSecond())
	}
	for _, list := range [][]float64{with, without, ratios} {
		slices.Sort(list)
	}
	fmt.Fprintf(out, "\nPosts of 64 callers while 64 others mark what they see: %s/s, %s of CPU a post; without them %s/s, %s. The ratio of a pair is %.2f (%.2f to %.2f; medians of %d).\n\n",
		count(with[pairs/2]), us(middle(cpu[1])), count(without[pairs/2]), us(middle(cpu[0])), ratios[pairs/2], ratios[0], ratios[pairs-1], pairs)
	return nil
}

// measureMarks lets callers mark one message after the other.
func measureMarks(s settings, callers int) (*rate, error) {
	sh, err := makeShelf(s, 1, 0, 0, 0)
	defer sh.remove()
	if err != nil {
		return nil, err
	}
	// Far more than can be marked in that time: a mark waits for its turn.
	ids := make([]chat.ID, int(s.took.Seconds()*1000)+100)
	for i := range ids {
		posted, err := sh.chat.Room(roomName(0)).Post(context.Background(), writer, messageText)
		if err != nil {
			return nil, err
		}
		ids[i] = posted.ID
	}
	users := make([]string, callers)
	for i := range users {
		users[i] = fmt.Sprintf("user-%06d", i)
	}
	return load{callers: callers, took: s.took}.measure(func(c, n int) error {
		if n >= len(ids) {
			return errors.New("there is nothing left to mark")
		}
		_, err := sh.chat.Room(roomName(0)).MarkRead(context.Background(), users[c], ids[n])
		return err
	})
}

// measureBeside posts while others mark all that there is, or do not.
func measureBeside(s settings, marking bool) (*rate, error) {
	dir, err := os.MkdirTemp(s.dir, "bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	c, err := chat.Create(filepath.Join(dir, "chat.db"), nil)
	if err != nil {
		return nil, err
	}
	l := load{callers: 64, rooms: 1, took: s.took}
	if _, err := (load{callers: 1, rooms: 1, n: 1}).onChat(c, false); err != nil { // the room is there
		return nil, errors.Join(err, c.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	var marks sync.WaitGroup
	var failed [64]error
	if marking {
		for i := range failed {
			marks.Go(func() {
				user := fmt.Sprintf("marker-%d", i)
				for ctx.Err() == nil {
					if _, err := c.Room(roomName(0)).MarkRead(ctx, user, chat.End); err != nil && ctx.Err() == nil {
						failed[i] = err
						return
					}
				}
			})
		}
	}
	r, err := l.onChat(c, false)
	cancel()
	marks.Wait()
	return r, errors.Join(append(failed[:], err, c.Close())...)
}
