package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The size of the terminal in characters: what stage.html has room for.
const columns, rows = 50, 19

// patience is how long anything may take that the story waits for.
const patience = time.Minute

// terminal is a program in a terminal of tmux, which has a server of its own.
type terminal struct {
	ctx    context.Context
	socket string
	env    []string
}

// openTerminal starts a program in a new terminal. What it keeps goes into dir.
func openTerminal(ctx context.Context, dir string, command ...string) (*terminal, error) {
	t := &terminal{ctx: ctx, socket: filepath.Join(dir, "tmux"), env: append(os.Environ(),
		"HOME="+dir, "XDG_CONFIG_HOME="+dir, "LC_ALL=C.UTF-8", "TMUX=", "NO_COLOR=")}
	start := []string{
		"-f", os.DevNull, "-u", "start-server", ";", "set-option", "-g", "status", "off", ";",
		"new-session", "-d", "-x", strconv.Itoa(columns), "-y", strconv.Itoa(rows),
	}
	if _, err := t.tmux(append(start, command...)...); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *terminal) tmux(args ...string) (string, error) {
	cmd := exec.CommandContext(t.ctx, "tmux", append([]string{"-S", t.socket}, args...)...)
	cmd.Env = t.env
	var errs strings.Builder
	cmd.Stderr = &errs
	said, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("tmux %q: %w: %s", args, err, errs.String())
	}
	return string(said), nil
}

// write types a text.
func (t *terminal) write(text string) error {
	_, err := t.tmux("send-keys", "-l", "--", text)
	return err
}

// press presses a key by its name.
func (t *terminal) press(key string) error {
	_, err := t.tmux("send-keys", key)
	return err
}

// screen is what the terminal shows, with its escape sequences.
func (t *terminal) screen() (string, error) {
	return t.tmux("capture-pane", "-p", "-e", "-N")
}

// wait waits until the terminal shows a text a number of times.
func (t *terminal) wait(text string, times int) error {
	for end := time.Now().Add(patience); ; time.Sleep(30 * time.Millisecond) {
		screen, err := t.tmux("capture-pane", "-p")
		if err != nil || strings.Count(screen, text) == times {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited for %q to be there %d times; the terminal shows:\n%s", text, times, screen)
		}
	}
}

func (t *terminal) close() {
	cmd := exec.Command("tmux", "-S", t.socket, "kill-server")
	_ = cmd.Run()
}
