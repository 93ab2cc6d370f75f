package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// BenchmarkLive_besideAStorm measures how long a message takes to readers who
// are live while 200 sockets of one other user replay a room of 64 MiB. An
// iteration is one message to 20 readers; run it with -benchtime 1000x.
func BenchmarkLive_besideAStorm(b *testing.B) {
	for _, test := range []struct {
		name    string
		sockets int
		options transport.Options
	}{
		{"quiet", 0, transport.Options{}},
		{"storm", 200, transport.Options{}},
		{"storm without limits", 200, transport.Options{NoLimits: true}},
	} {
		b.Run(test.name, func(b *testing.B) {
			s := wiretest.New(b, wiretest.Setup{Options: test.options})
			ann, _ := s.User("Ann")
			var writers sync.WaitGroup
			for range 64 {
				writers.Go(func() {
					s.Post("big", ann, slices.Repeat([]string{strings.Repeat("x", 4000)}, 256)...)
				})
			}
			writers.Wait()
			s.Post("live", ann, "hello")

			got := make(chan time.Duration, 20)
			var posted atomic.Pointer[time.Time]
			for i := range cap(got) {
				_, token := s.User(fmt.Sprint("reader", i))
				k := s.Socket(token)
				k.WantOK("1", `{"id":"1","op":"subscribe","room":"live"}`)
				k.Next()
				go func() {
					for {
						if _, payload, err := k.ReadFrame(); err != nil {
							return
						} else if strings.Contains(string(payload), `"events"`) {
							got <- time.Since(*posted.Load())
						}
					}
				}()
			}
			var replayed atomic.Int64
			_, token := s.User("Storm")
			for range test.sockets {
				go storm(s, token, &replayed)
			}
			begin := time.Now()
			var took []time.Duration
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			b.ResetTimer()
			for range b.N {
				<-tick.C
				now := time.Now()
				posted.Store(&now)
				s.Post("live", ann, "hello")
				for range cap(got) {
					took = append(took, <-got)
				}
			}
			b.StopTimer()
			slices.Sort(took)
			for _, p := range []int{50, 99} {
				b.ReportMetric(float64(took[len(took)*p/100].Microseconds()), fmt.Sprintf("µs-p%d", p))
			}
			b.ReportMetric(float64(replayed.Load())/(1<<20)/time.Since(begin).Seconds(), "replayed-MiB/s")
		})
	}
}

// storm replays the big room again and again, on a new socket each time.
func storm(s *wiretest.Server, token string, replayed *atomic.Int64) {
	d := ws.Dialer{Header: ws.HandshakeHeaderHTTP(http.Header{"Authorization": {"Bearer " + token}})}
	for buf := make([]byte, 64<<10); ; {
		conn, _, _, err := d.Dial(context.Background(), "ws://"+s.Addr+"/api/ws")
		if err != nil {
			return // the server has gone
		}
		_ = wsutil.WriteClientText(conn, []byte(`{"op":"subscribe","room":"big","after":"earliest"}`))
		for left := 64 << 20; left > 0; {
			_ = conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
			n, err := conn.Read(buf)
			if err != nil {
				break
			}
			left -= n
			replayed.Add(int64(n))
		}
		_ = conn.Close()
	}
}
