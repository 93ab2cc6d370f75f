package progress_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/roomlog/chat/transport/internal/progress"
)

const patience = 10 * time.Second // of the tests

// connect returns both ends of a connection with buffers that are soon full, and
// what is below the far one. A Unix socket has no timers of its own, and like TCP
// it is called writable only once much of its buffer is free.
func connect(t *testing.T, network string, overTLS bool) (near, far, below net.Conn) {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		dir, err := os.MkdirTemp("", "p") // a short path
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		addr = filepath.Join(dir, "s")
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if below, err = net.Dial(network, ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	far = below
	if near, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	accepted := near
	t.Cleanup(func() { accepted.Close(); below.Close() })
	_ = below.(interface{ SetReadBuffer(int) error }).SetReadBuffer(32 << 10)
	_ = near.(interface{ SetWriteBuffer(int) error }).SetWriteBuffer(128 << 10)
	if overTLS {
		srv := httptest.NewUnstartedServer(nil) // for its certificate
		srv.StartTLS()
		defer srv.Close()
		near = tls.Server(near, &tls.Config{Certificates: srv.TLS.Certificates})
		client := tls.Client(far, &tls.Config{InsecureSkipVerify: true})
		done := make(chan error, 1)
		go func() { done <- near.(*tls.Conn).Handshake() }()
		if err := errors.Join(client.Handshake(), <-done); err != nil {
			t.Fatal(err)
		}
		far = client
	}
	return near, far, below
}

// overBoth runs a test over plain connections and over TLS.
func overBoth(t *testing.T, test func(t *testing.T, overTLS bool)) {
	for name, overTLS := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, overTLS)
		})
	}
}

// The write takes many times as long as the peer may take nothing, and the system
// calls the connection writable only once much of its buffer is free, which takes
// longer than that too.
func TestWrite_neverFailsForBeingSlow(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, overTLS bool) {
		const timeout = 700 * time.Millisecond
		near, far, _ := connect(t, "unix", overTLS)
		w := progress.New(near, near, timeout, func() time.Duration { return timeout })
		sent := bytes.Repeat([]byte("0123456789abcdef"), 28<<10)
		took := make(chan time.Duration, 1)
		go func() {
			from := time.Now()
			if err := w.Write(sent); err != nil {
				t.Errorf("write: %v", err)
			}
			took <- time.Since(from)
			_ = near.Close()
		}()
		var got []byte
		part := make([]byte, 4<<10)
		for {
			time.Sleep(40 * time.Millisecond)
			n, err := far.Read(part)
			got = append(got, part[:n]...)
			if err != nil {
				break
			}
		}
		if !bytes.Equal(got, sent) {
			t.Errorf("%d bytes came of %d", len(got), len(sent))
		}
		if took := <-took; took < 2*timeout {
			t.Errorf("the write took %s: the test shows nothing", took)
		}
	})
}

func TestWrite_failsOnceNothingIsTaken(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, overTLS bool) {
		const timeout = 200 * time.Millisecond
		near, far, _ := connect(t, "tcp", overTLS)
		w := progress.New(near, near, timeout, func() time.Duration { return timeout })
		from := time.Now()
		err := w.Write(make([]byte, 4<<20))
		if took := time.Since(from); !errors.Is(err, progress.ErrStalled) || took < timeout || took > patience {
			t.Errorf("after %s: %v", took, err)
		}
		if err := w.Write([]byte("more")); err == nil {
			t.Error("it can be written to again")
		}
		_ = far
	})
}

// One that has paused, but for less than it may, has not stalled.
func TestWrite_outlastsAPause(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, overTLS bool) {
		const timeout = time.Second
		near, far, _ := connect(t, "unix", overTLS)
		w := progress.New(near, near, timeout, func() time.Duration { return timeout })
		go func() {
			for range 3 {
				time.Sleep(timeout / 2)
				_, _ = io.CopyN(io.Discard, far, 128<<10)
			}
			_, _ = io.Copy(io.Discard, far)
		}()
		if err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
	})
}

func TestWrite_failsAsTheConnectionDoes(t *testing.T) {
	near, _, below := connect(t, "tcp", false)
	w := progress.New(near, near, time.Hour, func() time.Duration { return time.Hour })
	time.AfterFunc(20*time.Millisecond, func() {
		_ = below.(*net.TCPConn).SetLinger(0)
		below.Close()
	})
	if err := w.Write(make([]byte, 4<<20)); err == nil || errors.Is(err, progress.ErrStalled) {
		t.Errorf("the error is %v", err)
	}
}
