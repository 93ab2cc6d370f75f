package chat_test

import (
	"fmt"
	"testing"

	"github.com/roomlog/chat"
)

func BenchmarkReplay(b *testing.B) {
	for _, rooms := range []int{1, 1000} {
		b.Run(fmt.Sprint("rooms=", rooms), func(b *testing.B) {
			c := open(b, nil)
			const n = 200_000
			done := make(chan bool)
			for w := range 64 {
				go func() {
					for i := w; i < n; i += 64 {
						if _, err := c.Room(fmt.Sprint("r", i%rooms)).Post(b.Context(), ann, "Hello, this is a message of some length, as people write them every day."); err != nil {
							b.Error(err)
						}
					}
					done <- true
				}()
			}
			for range 64 {
				<-done
			}
			b.ResetTimer()
			b.ReportAllocs()
			total := 0
			for i := range b.N {
				for _, err := range c.Room(fmt.Sprint("r", i%rooms)).Replay(b.Context(), chat.Start) {
					if err != nil {
						b.Fatal(err)
					}
					total++
				}
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkHistory(b *testing.B) {
	room := open(b, nil).Room("general")
	for i := range 500 {
		e, _ := room.Post(b.Context(), ann, "Hello, this is a message of some length, as people write them every day.")
		if i%5 == 0 {
			_, _ = room.React(b.Context(), bob, e.ID, "👍")
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := room.History(b.Context(), chat.HistoryQuery{}); err != nil {
			b.Fatal(err)
		}
	}
}
