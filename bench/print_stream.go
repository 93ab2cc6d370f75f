package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// printStream prints the table of replays to one client.
func printStream(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## Replay to one client\n\n")
	fmt.Fprintf(out, "A room of %d stored events, read from its beginning by one client, again and again for %s a run: as the only room, and as one of %d\n"+
		"in a store of %d events, evenly among them. The floor copies the same records raw to the socket, by a bare cursor or by looking up each of a\n"+
		"room. go-sse replays from memory, whatever the rooms; JetStream's client is an ordered consumer. Medians of %d rounds, ratios within a round.\n\n", s.replay, s.took, s.rooms, s.events, s.pairs)
	fmt.Fprintln(out, "| rooms | over | server | events/s | ours / its | CPU each | ours / its |")
	fmt.Fprintln(out, "|--:|---|---|--:|--:|--:|--:|")
	for _, rooms := range []int{1, s.rooms} {
		if err := printStreams(out, s, rooms); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	return nil
}

func printStreams(out io.Writer, s settings, rooms int) error {
	progress("making the archive of %d rooms", rooms)
	a, err := makeStamped(s, s.events, rooms, s.replay)
	defer os.RemoveAll(a.dir)
	if err != nil {
		return err
	}
	for _, socket := range s.sockets() {
		kinds := s.servers("chat", "scan")
		if !socket {
			kinds = s.servers("chat", "scan", "go-sse", "jetstream")
		}
		d := door{socket: socket, after: "earliest"}
		all, err := rounds(s, fmt.Sprintf("replay, %d rooms, %s", rooms, d.name()), kinds, func(kind string) (*figures, error) {
			return d.replays(s, a, kind)
		})
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			its := all[kind]
			fmt.Fprintf(out, "| %d | %s | %s | %s | %s | %s | %s |\n", rooms, d.name(), titles[kind],
				count(median(its, rateOf)), times(all, kind, rateOf), duration(median(its, cpuOf)), times(all, kind, cpuOf))
		}
	}
	return nil
}

// replays runs a server over an archive and lets one client after the other read
// all of it.
func (d door) replays(s settings, a archive, kind string) (f *figures, err error) {
	o := order{Kind: kind, Dir: a.dir}
	if kind == "go-sse" || kind == "jetstream" { // these make their own
		o = order{Kind: kind, Last: s.replay, All: s.replay, Rooms: a.rooms}
		if a.rooms > 1 {
			o.All = s.events
		}
	}
	srv, err := start(s, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			srv.kill()
			err = fmt.Errorf("%s: %w", kind, err)
		}
	}()
	d.port, d.kind = srv.port, kind
	draw := d.draw
	if kind == "jetstream" {
		web := newSite(srv, kind)
		defer web.close()
		url, err := web.call("GET", "/url", "")
		if err != nil {
			return nil, err
		}
		draw = func(n int) (time.Duration, error) { return drawJetStream(string(url), n) }
	}
	if _, err := draw(s.replay); err != nil { // the pages are in memory then
		return nil, err
	}
	stop, err := srv.profile(s, fmt.Sprintf("replay-%s-%s-%d", kind, d.name(), a.rooms))
	if err != nil {
		return nil, err
	}
	before, err := srv.cpu()
	if err != nil {
		return nil, err
	}
	f = &figures{}
	for f.took < s.took {
		took, err := draw(s.replay)
		if err != nil {
			return nil, err
		}
		f.took += took
		f.delivered += int64(s.replay)
	}
	after, err := srv.cpu()
	if err != nil {
		return nil, err
	}
	if err := stop(); err != nil {
		return nil, err
	}
	f.rate = float64(f.delivered) / f.took.Seconds()
	f.cpu = float64(after-before) / float64(f.delivered)
	return f, srv.stop()
}
