package main

import (
	"fmt"
	"io"
)

// printLatency prints the table of latencies from a post to its readers.
func printLatency(out io.Writer, s settings) error {
	readers := s.readers[0]
	fmt.Fprintf(out, "## From a post to its readers\n\n")
	fmt.Fprintf(out, "%g posts a second by HTTP to a room of %d readers, for %s a run behind %s of warm-up: from writing the request to reading the event,\n"+
		"at every reader, with the commit to the disk. Medians of %d rounds, ratios within a round.\n\n", s.rate, readers, s.took, s.warm, s.pairs)
	fmt.Fprintln(out, "| over | server | p50 | ours / its | p99 | ours / its | CPU a delivery | ours / its | answer p50 |")
	fmt.Fprintln(out, "|---|---|--:|--:|--:|--:|--:|--:|--:|")
	kinds := s.servers("chat", "tail", "alone")
	for _, socket := range s.sockets() {
		l := delivery{socket: socket, readers: readers, rooms: 1, posters: s.posters, rate: s.rate}
		name := door{socket: socket}.name()
		all, err := rounds(s, "latency, "+name, kinds, func(kind string) (*figures, error) { return l.run(s, kind) })
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			its := all[kind]
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", name, titles[kind],
				duration(median(its, latencyOf(50))), times(all, kind, latencyOf(50)), duration(median(its, latencyOf(99))), times(all, kind, latencyOf(99)),
				duration(median(its, cpuOf)), times(all, kind, cpuOf), duration(median(its, answerOf(50))))
		}
	}
	fmt.Fprintln(out)
	return nil
}
