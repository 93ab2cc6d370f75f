package main

import (
	"fmt"
	"io"
)

// printHTTP prints the table of durable posts by HTTP.
func printHTTP(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## Durable posts by HTTP\n\n")
	fmt.Fprintf(out, "%d posters over connections that are kept alive, each of whom waits for the answer to one post before the next, for %s a run\n"+
		"behind %s of warm-up. Medians of %d rounds. The floor is the least handler and the bare group commit; ours asks who the user is\n"+
		"by a signed token, too. JetStream runs in the server's process and syncs always.\n\n", s.posters, s.took, s.warm, s.pairs)
	fmt.Fprintln(out, "| rooms | server | posts/s | ours / its | CPU each | ours / its | p50 | p99 |")
	fmt.Fprintln(out, "|--:|---|--:|--:|--:|--:|--:|--:|")
	kinds := s.servers("chat", "commit", "jetstream")
	for _, rooms := range []int{1, s.rooms} {
		l := delivery{rooms: rooms, posters: s.posters}
		all, err := rounds(s, fmt.Sprintf("posts by HTTP, %d rooms", rooms), kinds, func(kind string) (*figures, error) { return l.run(s, kind) })
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			its := all[kind]
			fmt.Fprintf(out, "| %d | %s | %s | %s | %s | %s | %s | %s |\n", rooms, titles[kind], count(median(its, rateOf)), times(all, kind, rateOf),
				duration(median(its, cpuOf)), times(all, kind, cpuOf), duration(median(its, answerOf(50))), duration(median(its, answerOf(99))))
		}
	}
	fmt.Fprintln(out)
	return nil
}
