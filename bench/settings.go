package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are what the measurements have in common.
type settings struct {
	dir     string        // where the files are made
	took    time.Duration // how long each row, or each run of a server, is measured
	warm    time.Duration // how long a server is warmed up before
	pairs   int           // rounds in which the servers take turns
	events  int           // in the files that are replayed, and in long logs
	rooms   int           // of the longest list, and where there are many
	spread  []int         // rooms of the posts in this process
	callers []int         // that post in this process
	readers []int         // of one room
	rate    float64       // posts a second where latency is measured
	posters int           // connections that post
	window  int           // posts that posters may be ahead of the last reader
	short   int           // messages of a short log
	long    int           // messages of a long one
	conns   int           // idle connections
	replay  int           // events that one client replays
	clients int           // that reconnect at once
	behind  int           // events that each of them is behind
	silent  bool          // readers ask for no signals
	keys    bool          // posts carry an idempotency key
	over    []string      // transports
	only    []string      // servers; empty = all
	profile string        // prefix of the servers' profiles
}

func (s *settings) define(f *flag.FlagSet) {
	f.StringVar(&s.dir, "dir", os.TempDir(), "folder for the files; on the disk that is meant")
	f.DurationVar(&s.took, "d", 5*time.Second, "how long each row, or each run of a server, is measured")
	f.DurationVar(&s.warm, "warm", time.Second, "how long a server is warmed up before")
	f.IntVar(&s.pairs, "pairs", 5, "rounds in which the servers take turns")
	f.IntVar(&s.events, "events", 1_000_000, "events in the files that are replayed, and in long logs")
	f.IntVar(&s.rooms, "rooms", 1000, "rooms where there are many")
	list(f, &s.spread, "spread", "rooms of the posts in this process", 1, 1000)
	list(f, &s.callers, "callers", "callers that post in this process", 1, 64, 256)
	list(f, &s.readers, "readers", "readers of one room", 1000, 5000)
	f.Float64Var(&s.rate, "rate", 10, "posts a second where latency is measured")
	f.IntVar(&s.posters, "posters", 64, "connections that post")
	f.IntVar(&s.window, "window", 256, "posts that posters may be ahead of the reader that is furthest behind")
	f.IntVar(&s.short, "short", 10_000, "messages of a short log")
	f.IntVar(&s.long, "long", 1_000_000, "messages of a long log")
	f.IntVar(&s.conns, "conns", 10_000, "idle connections")
	f.IntVar(&s.replay, "replayed", 100_000, "events that one client replays")
	f.IntVar(&s.clients, "clients", 200, "clients that reconnect at once")
	f.IntVar(&s.behind, "behind", 10_000, "events that each of them is behind")
	f.BoolVar(&s.silent, "silent", false, "readers ask for no signals")
	f.BoolVar(&s.keys, "keys", false, "posts in this process carry an idempotency key")
	s.over = []string{"ws", "sse"}
	f.Func("over", "transports, with commas (ws,sse)", func(v string) error {
		s.over = strings.Split(v, ",")
		for _, t := range s.over {
			if t != "ws" && t != "sse" {
				return fmt.Errorf("%q is neither ws nor sse", t)
			}
		}
		return nil
	})
	f.Func("servers", "only these of the servers, with commas: chat, floor and the names of peers", func(v string) error {
		s.only = strings.Split(v, ",")
		return nil
	})
	f.StringVar(&s.profile, "cpuprofile", "", "write processor profiles of the servers to files of this prefix")
}

// list defines a flag of numbers.
func list(f *flag.FlagSet, to *[]int, name, usage string, standard ...int) {
	*to = standard
	f.Func(name, fmt.Sprintf("%s, with commas (%v)", usage, standard), func(v string) error {
		*to = nil
		for part := range strings.SplitSeq(v, ",") {
			n, err := strconv.Atoi(part)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a number of at least 1", part)
			}
			*to = append(*to, n)
		}
		return nil
	})
}

// sockets tells for each transport whether it is a socket's.
func (s settings) sockets() (all []bool) {
	for _, t := range s.over {
		all = append(all, t == "ws")
	}
	return all
}

// servers returns those of the servers that are wanted.
func (s settings) servers(all ...string) (some []string) {
	for _, kind := range all {
		if len(s.only) == 0 || slices.Contains(s.only, kind) || slices.Contains(s.only, titles[kind]) {
			some = append(some, kind)
		}
	}
	return some
}
