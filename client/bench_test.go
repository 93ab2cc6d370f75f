package client_test

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat/client"
)

// What it takes to send 1,000 messages: by the outbox, each when the one before is
// answered, and all at once without an order, which is the least that sending ahead
// could come to. The network takes no time, or so long there and back.
//
//	go test -run '^$' -bench Messages -benchtime 5x ./client
func BenchmarkMessages(b *testing.B) {
	const n = 1000
	for _, roundTrip := range []time.Duration{0, 10 * time.Millisecond} {
		s := serve(b, setup{})
		c := s.dialAt(distant(b, s, roundTrip/2), "ann", quick(client.WebSocket))
		room := c.Room("general")
		b.Run(fmt.Sprintf("Outbox/%v", roundTrip), func(b *testing.B) {
			for b.Loop() {
				var last *client.Outgoing
				for i := range n {
					last = send(b, room, fmt.Sprint(i))[0]
				}
				if _, err := last.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("AllAtOnce/%v", roundTrip), func(b *testing.B) {
			for b.Loop() {
				var work sync.WaitGroup
				for i := range n {
					work.Go(func() {
						if _, err := room.Post(b.Context(), fmt.Sprint(i)); err != nil {
							b.Error(err)
						}
					})
				}
				work.Wait()
			}
		})
	}
}

// distant is the URL of a server that is so far away: each way takes as long.
func distant(b *testing.B, s *server, away time.Duration) string {
	b.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var work sync.WaitGroup
	carry := func(to, from net.Conn) {
		type chunk struct {
			due  time.Time
			text []byte
		}
		line := make(chan chunk, 10_000)
		work.Go(func() {
			for c := range line {
				time.Sleep(time.Until(c.due))
				_, _ = to.Write(c.text)
			}
			_ = to.Close()
		})
		for {
			buf := make([]byte, 32<<10)
			n, err := from.Read(buf)
			line <- chunk{time.Now().Add(away), buf[:n]}
			if err != nil {
				close(line)
				return
			}
		}
	}
	work.Go(func() {
		for {
			near, err := in.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", s.addr)
			if err != nil {
				_ = near.Close()
				continue
			}
			work.Go(func() { carry(far, near) })
			work.Go(func() { carry(near, far) })
		}
	})
	b.Cleanup(func() {
		_ = in.Close()
		work.Wait()
	})
	return "http://" + in.Addr().String() + "/api"
}
