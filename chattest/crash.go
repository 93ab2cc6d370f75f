package chattest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/roomlog/chat/internal/testkit"
)

// Kill ends the server as a crash of its process does, and starts it again at the same
// address: connections are reset, nothing is written or told any more, and the chat
// that is opened is a copy of the files of that moment, in another directory. All that
// was answered over the network and all that is recorded is in it.
//
// The old Chat is closed behind that. What a goroutine of the test's still asks of it
// may be answered, and is lost, as is what Options.Run does.
func (s *Server) Kill() {
	s.t.Helper()
	s.turn.Lock()
	defer s.turn.Unlock()
	s.relay.lead("")
	s.relay.cut() // from here on nobody is answered
	s.pauseLogs()
	path := filepath.Join(s.t.TempDir(), "chat.db")
	s.copyFiles(path)
	s.end()
	s.start(path)
}

// Restart ends the server in order, as an update of the program does, and starts it
// again at the same address and on the same file: readers are told to come back, calls are
// answered, and the chat is closed. It fails the test if readers do not end in
// time, such as on a frozen network.
func (s *Server) Restart() {
	s.t.Helper()
	s.turn.Lock()
	defer s.turn.Unlock()
	s.relay.lead("")
	ctx, cancel := s.within()
	defer cancel()
	if err := errors.Join(s.site.http.Shutdown(ctx), s.site.api.Drain(ctx)); err != nil {
		s.t.Errorf("chattest: the server does not drain: %v", err)
	}
	s.relay.cut()
	s.pauseLogs()
	s.end()
	s.start(s.site.path)
}

// end ends the present site.
func (s *Server) end() {
	s.t.Helper()
	ctx, cancel := s.within()
	defer cancel()
	if err := s.site.stop(ctx); err != nil {
		s.t.Error(err)
	}
}

// copyFiles copies the files of the running chat as they are at one moment: as long
// as the roots of their pages stay, no commit has ended, and one that has begun
// writes only to pages that nothing refers to.
func (s *Server) copyFiles(to string) {
	s.t.Helper()
	p := s.site
	p.still.Lock()
	defer p.still.Unlock()
	for deadline := time.Now().Add(s.options.Patience); ; {
		before := s.roots(p.path)
		testkit.Copy(s.t, p.path+viewsSuffix, to+viewsSuffix)
		testkit.Copy(s.t, p.path, to)
		if bytes.Equal(before, s.roots(p.path)) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("chattest: the files do not stand still")
		}
	}
}

// viewsSuffix makes the path of the folded state from that of the log.
const viewsSuffix = ".views"

// roots returns the first two pages of both files. Every commit ends with one of them.
func (s *Server) roots(path string) []byte {
	s.t.Helper()
	var all []byte
	for _, name := range []string{path, path + viewsSuffix} {
		f, err := os.Open(name)
		if err != nil {
			s.t.Fatal("chattest: ", err)
		}
		roots, err := io.ReadAll(io.LimitReader(f, int64(2*os.Getpagesize())))
		if err := errors.Join(err, f.Close()); err != nil {
			s.t.Fatal("chattest: ", err)
		}
		all = append(all, roots...)
	}
	return all
}
