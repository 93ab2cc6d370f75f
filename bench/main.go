// Command bench measures the chat in this process, each figure beside its
// floor: the least that any program must do for the same on the same file
// format, measured in the same run. It prints Markdown.
//
//	go -C bench run . -d 20s
//
// What is measured, and what the floor of it is, stands above each table.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// settings are what the measurements have in common.
type settings struct {
	dir    string        // where the files are made
	took   time.Duration // how long each row of posts and of latencies takes
	events int           // in the files that are replayed, and in long logs
	rooms  int           // of the longest list
	keys   bool          // posts carry an idempotency key
}

func main() {
	var s settings
	only := flag.String("only", "", "measure only this: posts, replay, latency, unread or marks")
	flag.StringVar(&s.dir, "dir", os.TempDir(), "folder for the files; on the disk that is meant")
	flag.DurationVar(&s.took, "d", 5*time.Second, "how long each row is measured")
	flag.IntVar(&s.events, "events", 1_000_000, "events in the files that are replayed, and in long logs")
	flag.IntVar(&s.rooms, "rooms", 1000, "rooms of the longest list")
	flag.BoolVar(&s.keys, "keys", false, "posts carry an idempotency key")
	flag.Parse()
	if err := run(os.Stdout, s, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, s settings, only string) error {
	if err := printMachine(out, s.dir); err != nil {
		return err
	}
	known := false
	for _, part := range []struct {
		name  string
		print func(io.Writer, settings) error
	}{
		{"posts", printPosts}, {"replay", printReplay}, {"latency", printLatency}, {"unread", printUnread}, {"marks", printMarks},
	} {
		if only != "" && only != part.name {
			continue
		}
		known = true
		if err := part.print(out, s); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if !known {
		return errors.New("-only is none of posts, replay, latency, unread, marks")
	}
	return nil
}
