package chattest

import (
	"fmt"
	"strings"

	"github.com/roomlog/chat/client"
)

// shown is how many of the newest events a failure shows.
const shown = 30

// wanted says how many events are waited for.
func wanted(n int) string {
	if n == 1 {
		return "an event"
	}
	return fmt.Sprint(n, " events")
}

// report says what was waited for, and what came instead.
func (r *Recorder) report(waited string) string {
	r.mu.Lock()
	events, errs, over := r.events, r.errs, r.open == 0
	r.mu.Unlock()
	var b strings.Builder
	who := "the log"
	if r.reader != "" {
		who = r.reader + "'s client"
	}
	fmt.Fprintf(&b, "chattest: waiting for %s of %s: ", waited, strings.Join(r.rooms, ", "))
	if over {
		fmt.Fprintf(&b, "%s has ended", who)
	} else {
		fmt.Fprintf(&b, "%s did not get it within %s", who, r.patience)
	}
	for _, err := range errs {
		fmt.Fprintf(&b, "\n\terror: %v", err)
	}
	if r.state != nil {
		s := r.state()
		fmt.Fprintf(&b, "\n\tthe client is %s", s.Phase)
		if s.Reason != nil {
			fmt.Fprintf(&b, ": %v", s.Reason)
		}
	}
	if len(events) == 0 {
		b.WriteString("\n\tnothing came")
		return b.String()
	}
	from := max(0, len(events)-shown)
	fmt.Fprintf(&b, "\n\t%d came:", len(events))
	if from > 0 {
		fmt.Fprintf(&b, "\n\t(%d older ones)", from)
	}
	for i, e := range events[from:] {
		fmt.Fprintf(&b, "\n\t%d. %s", from+i+1, line(e))
	}
	return b.String()
}

// line describes an event on one line.
func line(e client.Event) string {
	head := fmt.Sprintf("%s: %s by %s", e.Room, e.Type, e.User.Name)
	if text, ok := textOf(e); ok {
		return fmt.Sprintf("%s: %.200q", head, text)
	}
	return fmt.Sprintf("%s: %.200s", head, e.JSON())
}
