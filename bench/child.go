package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// patience is how long anything may take that should take no time.
const patience = 30 * time.Second

// child is a server in a process of its own, so that its processor time and its
// memory are the server's alone. It is this program once more.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	dir  string // of its files; removed when it stops
	port int
	took time.Duration // from its start until it listened
}

// start starts a server, in a new folder if the order has none.
func start(s settings, o order) (c *child, err error) {
	c = &child{}
	if o.Dir == "" {
		if c.dir, err = os.MkdirTemp(s.dir, "bench-*"); err != nil {
			return nil, err
		}
		o.Dir = c.dir
	}
	defer func() {
		if err != nil {
			c.kill()
		}
	}()
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c.cmd = exec.Command(self)
	c.cmd.Env = append(os.Environ(), serverEnv+"="+string(raw))
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	began := time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := c.line(10 * time.Minute) // an open may have to rebuild
	if err != nil {
		return nil, err
	}
	c.took = time.Since(began)
	if c.port, err = strconv.Atoi(line); err != nil {
		return nil, fmt.Errorf("port of the server: %w", err)
	}
	return c, nil
}

// tell gives the server an order and returns its answer.
func (c *child) tell(words ...string) (string, error) {
	if _, err := fmt.Fprintln(c.in, strings.Join(words, " ")); err != nil {
		return "", fmt.Errorf("order to the server: %w", err)
	}
	answer, err := c.line(10 * time.Minute)
	if err == nil && strings.HasPrefix(answer, "error: ") {
		err = errors.New(answer[len("error: "):])
	}
	return answer, err
}

func (c *child) line(limit time.Duration) (string, error) {
	late := time.AfterFunc(limit, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	line, err := c.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("server: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// profile writes a processor profile of the server from now until what it
// returns is called. Without a prefix in the settings it does nothing.
func (c *child) profile(s settings, name string) (stop func() error, err error) {
	if s.profile == "" {
		return func() error { return nil }, nil
	}
	path, err := filepath.Abs(fmt.Sprintf("%s-%s.pprof", s.profile, strings.ReplaceAll(name, " ", "-")))
	if err != nil {
		return nil, err
	}
	if _, err := c.tell("profile", path); err != nil {
		return nil, err
	}
	return func() error { _, err := c.tell("stop"); return err }, nil
}

// stop ends the server, and is an error if that did not end well.
func (c *child) stop() error {
	_ = c.in.Close()
	late := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	err := c.cmd.Wait()
	late.Stop()
	if err != nil {
		err = fmt.Errorf("server: %w", err)
	}
	return errors.Join(err, c.clean())
}

// kill ends the server at once, as a crash would, if it runs.
func (c *child) kill() {
	if c.cmd != nil && c.cmd.Process != nil {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	}
	_ = c.clean()
}

func (c *child) clean() error {
	if c.dir == "" {
		return nil
	}
	return os.RemoveAll(c.dir)
}
