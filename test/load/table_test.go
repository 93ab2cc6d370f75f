//go:build linux

package load_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// table returns the results as a table in Markdown.
func table(all []*result) string {
	var b strings.Builder
	b.WriteString("\n| run | live | others | took | p50 | p99 | max | CPU: server, test, others | full after | closed, after their last move | RSS before, peak, after | goroutines before, open, after | descriptors |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range all {
		live := r.streams - (r.streams+9)/10
		full, closed := "–", "–"
		if len(r.readers) > 0 {
			full = span(r.times(func(f *fate) time.Duration { return f.full }))
			closed = span(r.times(func(f *fate) time.Duration { return max(0, f.closed-f.moved) }))
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %.1f s | %s | %s | %s | %.1f, %.1f, %.1f s | %s | %s | %d, %d, %d MiB | %d, %d, %d | %d, %d, %d |\n",
			r.name, live, len(r.readers), r.took.Seconds(), ms(r.p50), ms(r.p99), ms(r.most), r.server.Seconds(), r.own.Seconds(), r.others.Seconds(), full, closed,
			r.before.memory>>20, r.peak>>20, r.after.memory>>20,
			r.before.goroutines, r.open.goroutines, r.after.goroutines,
			r.before.descriptors, r.open.descriptors, r.after.descriptors)
	}
	return b.String()
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// rounded returns the times in whole milliseconds.
func rounded(all []time.Duration) []time.Duration {
	all = slices.Clone(all)
	for i := range all {
		all[i] = all[i].Round(time.Millisecond)
	}
	return all
}

// times returns those of the fates that are there.
func (r *result) times(of func(*fate) time.Duration) (all []time.Duration) {
	for _, f := range r.fates {
		if d := of(f); d > 0 {
			all = append(all, d)
		}
	}
	return all
}

// span returns the least and the most.
func span(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f–%.1f s (%d)", slices.Min(all).Seconds(), slices.Max(all).Seconds(), len(all))
}

// median returns the middle one, the lower of two.
func median(all []time.Duration) time.Duration {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[(len(all)-1)/2]
}
