package main

import (
	"log/slog"
	"time"

	"github.com/roomlog/chat"
)

// logProgress returns a function that writes the progress of long work, such as
// rebuilding the views, to the log: at once a second, so quick work shows nothing.
func logProgress(logger *slog.Logger) func(chat.Progress) {
	last := time.Now()
	return func(p chat.Progress) {
		if time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		logger.Info("opening the chat", "phase", p.Phase, "done", p.Done, "of", p.Total)
	}
}
