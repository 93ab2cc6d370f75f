package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// The benchmarks run what the command runs, briefly: b.N posts instead of a
// time. Figures to quote are made by the command, where flushes count.

func BenchmarkPosts(b *testing.B) {
	s := settings{dir: b.TempDir()}
	size, err := recordSize(s.dir, false)
	if err != nil {
		b.Fatal(err)
	}
	for _, rooms := range []int{1, 1000} {
		for _, callers := range []int{1, 64, 256} {
			l := load{callers: callers, rooms: rooms}
			b.Run(fmt.Sprintf("callers=%d/rooms=%d", callers, rooms), func(b *testing.B) {
				c, err := chat.Create(filepath.Join(b.TempDir(), "chat.db"), nil)
				if err != nil {
					b.Fatal(err)
				}
				defer c.Close()
				l.n = b.N
				report(b, func() (*rate, error) { return l.onChat(c, false) })
			})
			b.Run(fmt.Sprintf("callers=%d/rooms=%d/floor", callers, rooms), func(b *testing.B) {
				f, err := openFloor(b.TempDir(), nil)
				if err != nil {
					b.Fatal(err)
				}
				defer f.close()
				l.n = b.N
				report(b, func() (*rate, error) { return l.onFloor(f, size) })
			})
		}
	}
}

func report(b *testing.B, measure func() (*rate, error)) {
	b.Helper()
	b.ResetTimer()
	r, err := measure()
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(r.perSecond(), "posts/s")
	b.ReportMetric(float64(r.latency.at(50).Nanoseconds())/1e3, "p50-µs")
	b.ReportMetric(float64(r.latency.at(99).Nanoseconds())/1e3, "p99-µs")
}

func BenchmarkReplay(b *testing.B) {
	for _, rooms := range []int{1, 1000} {
		a, err := makeArchive(settings{dir: b.TempDir(), events: 200_000}, rooms)
		if err != nil {
			b.Fatal(err)
		}
		floor := a.scan
		if rooms > 1 {
			floor = a.get
		}
		for name, measure := range map[string]func() (replayed, error){
			fmt.Sprintf("rooms=%d", rooms):       func() (replayed, error) { return a.replay(min(rooms, 100)) },
			fmt.Sprintf("rooms=%d/floor", rooms): floor,
		} {
			b.Run(name, func(b *testing.B) {
				var all replayed
				for b.Loop() {
					r, err := measure()
					if err != nil {
						b.Fatal(err)
					}
					all.events, all.took = all.events+r.events, all.took+r.took
				}
				b.ReportMetric(all.perSecond(), "events/s")
			})
		}
	}
}

func BenchmarkBellToYield(b *testing.B) {
	for _, followers := range []int{1, 1000} {
		b.Run(fmt.Sprintf("followers=%d", followers), func(b *testing.B) {
			each, last, err := measureBell(settings{dir: b.TempDir()}, followers, b.N)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(each.at(50).Nanoseconds())/1e3, "p50-µs")
			b.ReportMetric(float64(each.at(99).Nanoseconds())/1e3, "p99-µs")
			b.ReportMetric(float64(last.at(50).Nanoseconds())/1e3, "last-p50-µs")
		})
	}
}

// A quantile is right to a thirty-second.
func TestHistogram_tellsQuantiles(t *testing.T) {
	var h histogram
	for i := range 100_000 {
		h.add(time.Duration(i) * time.Microsecond)
	}
	for _, percent := range []float64{1, 50, 99, 99.9} {
		want := percent * 1000 * 1e3
		if got := float64(h.at(percent)); got < want || got > want*33/32 {
			t.Errorf("%g %%: got %v, want %v", percent, time.Duration(got), time.Duration(want))
		}
	}
	if h.at(100) != 99_999*time.Microsecond {
		t.Errorf("100 %%: got %v", h.at(100))
	}
}
