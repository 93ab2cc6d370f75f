package main

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// Readers are sent every frame once and in order, however the end of one part of
// the log and the appending to it fall together, and what is appended last, too.
func TestTail_sendsEveryFrameOnce(t *testing.T) {
	const frames, readers, rounds = 4000, 3, 20
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, alone := range []bool{false, true} {
		tail := newTail(alone)
		results := make(chan error, readers)
		var conns []net.Conn
		for range readers {
			conn, err := net.Dial("tcp4", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			served, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer served.Close()
			conns = append(conns, conn)
			tail.room("room").streams.join(served)
		}
		number := uint64(0)
		for range rounds {
			from := number
			for _, conn := range conns {
				go func() { results <- readFrames(conn, from, frames) }()
			}
			for range frames {
				event := stampedEvent(int(number))
				tail.append([]*caller{{record: event, id: event[len(`{"id":"`):][:len(blank)], room: "room"}})
				number++
			}
			for range readers {
				if err := <-results; err != nil {
					t.Fatalf("alone %t: %v", alone, err)
				}
			}
		}
		for _, conn := range conns {
			conn.Close()
		}
		tail.close()
	}
}

// readFrames reads the frames from a number on.
func readFrames(conn net.Conn, from, n uint64) error {
	var want tally
	for i := range n {
		want.add(from + i)
	}
	var s scanner
	buf := make([]byte, keep+32<<10)
	_ = conn.SetReadDeadline(time.Now().Add(patience / 3))
	for s.count < n {
		got, err := conn.Read(buf[keep:])
		if err != nil {
			return fmt.Errorf("after %d of %d frames: %w", s.count, n, err)
		}
		s.scan(buf[:keep+got], 0, nil)
	}
	if s.tally != want {
		return fmt.Errorf("got %+v, want %+v", s.tally, want)
	}
	return nil
}
