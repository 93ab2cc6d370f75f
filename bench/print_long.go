package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// printLong prints the tables of long logs: what takes longer in them, and how
// large the files are.
func printLong(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## A long log\n\n")
	fmt.Fprintf(out, "The same in a room of %s messages and in one of %s, in turn, for %s a row and at least %d times each; medians. The server of the\n"+
		"crash is killed while %d posters post. The pages of the files are in the memory of the system.\n\n", count(float64(s.short)), count(float64(s.long)), s.took, s.pairs, s.posters)
	fmt.Fprintf(out, "| what | %s messages | %s | ratio |\n", count(float64(s.short)), count(float64(s.long)))
	fmt.Fprintln(out, "|---|--:|--:|--:|")
	var sizes [3]fileSizes
	var logs [2]*longLog
	for i, n := range []int{s.short, s.long} {
		progress("posting %d messages", n)
		l, err := makeLong(s, n, false)
		if l != nil {
			defer os.RemoveAll(l.dir)
		}
		if err == nil {
			logs[i] = l
			sizes[i], err = l.sizes(n)
		}
		if err != nil {
			return err
		}
	}
	if err := printLongRows(out, s, logs); err != nil {
		return err
	}
	progress("posting %d messages with slow readers and backups", s.long)
	l, err := makeLong(s, s.long, true)
	if l != nil {
		defer os.RemoveAll(l.dir)
	}
	if err != nil {
		return err
	}
	if sizes[2], err = l.sizes(s.long); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThe files when so many messages have been posted and the chat was closed; once more with %d readers meanwhile that take %d events\n"+
		"a second each, and one backup after the other. The bytes of the events are those of their JSON.\n\n", slowReaders, int(time.Second/slowness))
	fmt.Fprintln(out, "| messages | meanwhile | events | log | / events | both files | / events | backups |")
	fmt.Fprintln(out, "|--:|---|--:|--:|--:|--:|--:|--:|")
	for i, f := range sizes {
		name := "nothing"
		if i == 2 {
			name = "slow readers, backups"
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %.2f | %s | %.2f | %d |\n", count(float64(f.messages)), name, mb(f.events), mb(f.log),
			float64(f.log)/float64(f.events), mb(f.log+f.views), float64(f.log+f.views)/float64(f.events), f.backups)
	}
	fmt.Fprintln(out)
	return nil
}

func mb(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// printLongRows prints a row for each thing that is done in both logs.
func printLongRows(out io.Writer, s settings, logs [2]*longLog) error {
	for _, what := range []struct {
		name   string
		do     func(*longLog) (time.Duration, error)
		closed bool // the chat must be
		few    bool // it takes long
	}{
		{"newest page of history", (*longLog).newestPage, false, false},
		{"page of history anywhere", (*longLog).anyPage, false, false},
		{"resume 100 events before the end", (*longLog).resume, false, false},
		{"one post, one caller", (*longLog).onePost, false, false},
		{"clean open", (*longLog).open, true, false},
		{"open after a crash", func(l *longLog) (time.Duration, error) { return l.crash(s) }, true, true},
		{"rebuild of all views", (*longLog).rebuild, true, true},
	} {
		var took [2][]time.Duration
		for began := time.Now(); len(took[0]) < s.pairs || !what.few && time.Since(began) < s.took; {
			for i, l := range logs {
				if err := l.be(!what.closed); err != nil {
					return err
				}
				d, err := what.do(l)
				if err != nil {
					return fmt.Errorf("%s: %w", what.name, err)
				}
				took[i] = append(took[i], d)
			}
		}
		short, long := middle(took[0]), middle(took[1])
		progress("%s: %s, %s", what.name, us(short), us(long))
		fmt.Fprintf(out, "| %s | %s | %s | %.2f |\n", what.name, us(short), us(long), ratio(long, short))
	}
	return errors.Join(logs[0].be(false), logs[1].be(false))
}
