package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roomlog/chat"
)

// printBell prints how long it takes from the bell to the yield.
func printBell(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## From the bell to the yield\n\n")
	fmt.Fprintf(out, "One post at a time, when all followers have caught up and wait. From the commit hook, right before readers are woken,\n"+
		"to the yield in a follower's loop; and to that in the last of them. For %s a row.\n\n", s.took)
	fmt.Fprintln(out, "| followers | posts | p50 | p99 | p50 of the last | p99 of the last |")
	fmt.Fprintln(out, "|--:|--:|--:|--:|--:|--:|")
	for _, followers := range []int{1, 1000} {
		each, last, err := measureBell(s, followers, 0)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %d | %d | %s | %s | %s | %s |\n", followers, last.n,
			us(each.at(50)), us(each.at(99)), us(last.at(50)), us(last.at(99)))
	}
	fmt.Fprintln(out)
	return nil
}

// audience are followers of one room who note when they are given an event.
type audience struct {
	began time.Time
	rung  atomic.Int64 // when the commit hook was called, since began
	wg    sync.WaitGroup
	got   []int64 // when each follower got the event, since began
	mark  chan struct{}
	left  atomic.Int64 // followers who have not got it
}

// measureBell posts until the time is over, or n times.
func measureBell(s settings, followers, n int) (each, last *histogram, err error) {
	dir, err := os.MkdirTemp(s.dir, "bench-*")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	a := &audience{began: time.Now(), got: make([]int64, followers), mark: make(chan struct{}, 1)}
	c, err := chat.Create(filepath.Join(dir, "chat.db"), &chat.Options{
		OnCommit: func(chat.Commit) { a.rung.Store(int64(time.Since(a.began))) },
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	each, last, err = a.attend(ctx, c.Room("general"), s.took, n)
	cancel()
	a.wg.Wait()
	return each, last, errors.Join(err, c.Close())
}

func (a *audience) attend(ctx context.Context, room *chat.Room, took time.Duration, n int) (each, last *histogram, err error) {
	each, last = &histogram{}, &histogram{}
	user := chat.User{ID: "ann", Name: "Ann"}
	if _, err := room.Post(ctx, user, messageText); err != nil { // the room is there, and the followers begin with it
		return nil, nil, err
	}
	a.left.Store(int64(len(a.got)))
	for i := range a.got {
		a.wg.Go(func() { a.follow(ctx, room, i) })
	}
	<-a.mark
	began := time.Now()
	for i := 0; (n == 0 || i < n) && (n > 0 || time.Since(began) < took); i++ {
		a.left.Store(int64(len(a.got)))
		if _, err := room.Post(ctx, user, messageText); err != nil {
			return nil, nil, err
		}
		select {
		case <-a.mark:
		case <-time.After(10 * time.Second):
			return nil, nil, fmt.Errorf("%d followers did not get an event", a.left.Load())
		}
		rung, latest := a.rung.Load(), int64(0)
		for _, at := range a.got {
			each.add(time.Duration(at - rung))
			latest = max(latest, at)
		}
		last.add(time.Duration(latest - rung))
	}
	return each, last, nil
}

func (a *audience) follow(ctx context.Context, room *chat.Room, i int) {
	for _, err := range room.Follow(ctx, chat.Start) {
		if err != nil {
			return
		}
		a.got[i] = int64(time.Since(a.began))
		if a.left.Add(-1) == 0 {
			a.mark <- struct{}{}
		}
	}
}
