package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// server is a running examples/web, and the file it runs on.
type server struct {
	program, db string
	addr        string // host and port, the same after a restart
	cmd         *exec.Cmd
}

// start starts the process and returns when it listens.
func (s *server) start() error {
	s.cmd = exec.Command(s.program, "-addr", s.addr, "-db", s.db)
	s.cmd.Stderr = os.Stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !found {
		s.kill()
		return fmt.Errorf("the server said %q and then: %w", line, err)
	}
	s.addr = strings.TrimSuffix(url, "/")
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return nil
}

// kill ends the process as a power cut would end it.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	_ = s.cmd.Wait()
	s.cmd = nil
}
