package chat_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
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

// big makes a room with so many events, the last 50 of them messages, of which
// 10 have as many reactions together, and opens its file anew.
func big(b testing.TB, events, reactions int) *chat.Room {
	b.Helper()
	path := filepath.Join(b.TempDir(), "chat.db")
	c, err := chat.Open(path, nil)
	if err != nil {
		b.Fatal(err)
	}
	room, ctx := c.Room("general"), context.Background()
	many := func(n int, do func(i int) error) {
		var wg sync.WaitGroup
		for w := range 256 {
			wg.Go(func() {
				for i := w; i < n; i += 256 {
					if err := do(i); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	const text = "Hello, this is a message of some length, as people write them every day."
	many(events-50-reactions, func(int) error { return second(room.Post(ctx, ann, text)) })
	var ids []chat.ID
	for range 50 {
		ids = append(ids, post(b, room, ann, text).ID)
	}
	many(reactions, func(i int) error {
		by := chat.User{ID: fmt.Sprint("user", i/10), Name: "Somebody"}
		return second(room.React(ctx, by, ids[i%10], "👍"))
	})
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
	return openAt(b, path, nil).Room("general")
}

func BenchmarkHistory(b *testing.B) {
	for _, size := range []struct{ events, reactions int }{{1000, 10}, {1_000_000, 10}, {20_000, 10}, {20_000, 10_000}} {
		b.Run(fmt.Sprintf("events=%d/reactions=%d", size.events, size.reactions), func(b *testing.B) {
			room := big(b, size.events, size.reactions)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := room.History(b.Context(), chat.HistoryQuery{Viewer: "user7"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A page of history costs the page, however old the room is and however many
// have reacted: told by allocations, which do not depend on what else runs.
func TestHistory_costsThePage(t *testing.T) {
	cost := func(events, reactions int) float64 {
		room := big(t, events, reactions)
		return testing.AllocsPerRun(50, func() {
			if _, err := room.History(t.Context(), chat.HistoryQuery{Viewer: "user7"}); err != nil {
				t.Fatal(err)
			}
		})
	}
	little := cost(1000, 10)
	for _, much := range []float64{cost(30_000, 10), cost(10_000, 5000)} {
		if much > 1.3*little {
			t.Errorf("a page takes %.0f allocations, of a little room %.0f", much, little)
		}
	}
}

func BenchmarkPost(b *testing.B) {
	room := open(b, nil).Room("general")
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := room.Post(b.Context(), ann, "Are we still on for lunch at half past twelve?"); err != nil {
				b.Error(err)
			}
		}
	})
}
