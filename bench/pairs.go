package main

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// rounds runs each of the servers once in every round, so that a machine that
// changes its mind shows in all of them. Who goes first takes turns.
func rounds(s settings, what string, kinds []string, run func(kind string) (*figures, error)) (map[string][]*figures, error) {
	all := make(map[string][]*figures)
	for i := range s.pairs {
		for j := range kinds {
			kind := kinds[(i+j)%len(kinds)]
			f, err := run(kind)
			if err != nil {
				return nil, err
			}
			all[kind] = append(all[kind], f)
			progress("%s, round %d of %d, %s: %s/s, %s each", what, i+1, s.pairs, kind, count(f.rate), duration(f.cpu))
		}
	}
	return all, nil
}

// progress tells who waits what is being done.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// median returns the middle of what get returns of each.
func median(all []*figures, get func(*figures) float64) float64 {
	var values []float64
	for _, f := range all {
		values = append(values, get(f))
	}
	return middleOf(values)
}

// ratioOf returns the median of the ratios of pairs: one's figure by the other's
// of the same round.
func ratioOf(one, other []*figures, get func(*figures) float64) float64 {
	var values []float64
	for i := range one {
		values = append(values, get(one[i])/get(other[i]))
	}
	return middleOf(values)
}

func middleOf(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	if n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[n/2]
}
