package main

import (
	"fmt"
	"io"
	"time"
)

var titles = map[string]string{
	"chat": "ours", "commit": "floor", "tail": "floor", "alone": "floor, a goroutine a reader", "scan": "floor", "copy": "floor",
	"gorilla": "gorilla/websocket, chat hub", "melody": "melody", "gws": "gws, Broadcaster", "coder": "coder/websocket, loop",
	"go-sse": "go-sse", "jetstream": "JetStream",
}

func rateOf(f *figures) float64 { return f.rate }
func cpuOf(f *figures) float64  { return f.cpu }

func latencyOf(percent float64) func(*figures) float64 {
	return func(f *figures) float64 { return float64(f.latency.at(percent)) }
}

func answerOf(percent float64) func(*figures) float64 {
	return func(f *figures) float64 { return float64(f.answer.at(percent)) }
}

// duration is a figure in nanoseconds.
func duration(ns float64) string { return us(time.Duration(ns)) }

// printDeliver prints the tables of deliveries in one room.
func printDeliver(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## Deliveries in one room\n\n")
	fmt.Fprintf(out, "%d posters at full speed over HTTP, at most %d posts ahead of the reader that is furthest behind, for %s a run behind %s of warm-up.\n"+
		"The servers take turns; medians of %d rounds, ratios within a round. Ours and the floor store each post before they deliver it, the peers store nothing.\n\n", s.posters, s.window, s.took, s.warm, s.pairs)
	return s.printDeliveries(out, "deliver", s.readers, 1, func(socket bool) []string {
		if socket {
			return s.servers("chat", "tail", "alone", "gorilla", "melody", "gws", "coder")
		}
		return s.servers("chat", "tail", "alone", "go-sse")
	})
}

// printRooms prints the tables of deliveries in many rooms.
func printRooms(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## Deliveries in many rooms\n\nAs above, but each post goes to the next of %d rooms.\n\n", s.rooms)
	return s.printDeliveries(out, "rooms", []int{10 * s.rooms}, s.rooms, func(bool) []string { return s.servers("chat", "tail", "alone") })
}

func (s settings) printDeliveries(out io.Writer, what string, readers []int, rooms int, servers func(socket bool) []string) error {
	fmt.Fprintln(out, "| readers | over | server | deliveries/s | ours / its | CPU each | ours / its | p50 | p99 | posts/s |")
	fmt.Fprintln(out, "|--:|---|---|--:|--:|--:|--:|--:|--:|--:|")
	for _, n := range readers {
		for _, socket := range s.sockets() {
			l := delivery{socket: socket, readers: n, rooms: rooms, posters: s.posters}
			name, kinds := door{socket: socket}.name(), servers(socket)
			all, err := rounds(s, fmt.Sprintf("%s, %d readers, %s", what, n, name), kinds, func(kind string) (*figures, error) { return l.run(s, kind) })
			if err != nil {
				return err
			}
			for _, kind := range kinds {
				its := all[kind]
				fmt.Fprintf(out, "| %d | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", n, name, titles[kind],
					count(median(its, rateOf)), times(all, kind, rateOf), duration(median(its, cpuOf)), times(all, kind, cpuOf),
					duration(median(its, latencyOf(50))), duration(median(its, latencyOf(99))), count(median(its, func(f *figures) float64 { return f.posts })))
			}
		}
	}
	fmt.Fprintln(out)
	return nil
}

// times prints the ratio of the chat's figure to a server's.
func times(all map[string][]*figures, kind string, get func(*figures) float64) string {
	if kind == "chat" || all["chat"] == nil {
		return ""
	}
	return fmt.Sprintf("%.2f", ratioOf(all["chat"], all[kind], get))
}
