package poller_test

import (
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat/internal/testkit"
	"github.com/roomlog/chat/transport/internal/poller"
)

func TestMain(m *testing.M) {
	testkit.AtOnce(16)
	m.Run()
}

// pair returns both ends of a connection.
func pair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if far, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// wait begins to wait, as Linux can.
func wait(t *testing.T, w *poller.Waiter) {
	t.Helper()
	if !w.Wait() && runtime.GOOS == "linux" {
		t.Fatal("the connection cannot be waited for")
	}
}

// told waits for a wait to be over.
func told(t *testing.T, ready <-chan struct{}) {
	t.Helper()
	select {
	case <-ready:
	case <-time.After(10 * time.Second):
		t.Fatal("the wait goes on")
	}
}

func watch(t *testing.T, p *poller.Poller, conn net.Conn) (w *poller.Waiter, ready chan struct{}) {
	t.Helper()
	ready = make(chan struct{}, 10)
	w = p.Add(conn, func() { ready <- struct{}{} })
	t.Cleanup(w.Stop)
	return w, ready
}

// Seen to fail with EPOLL_CTL_ADD at every wait.
func TestWait_isOverWheneverThereIsSomethingToRead(t *testing.T) {
	t.Parallel()
	near, far := pair(t)
	w, ready := watch(t, poller.New(), near)
	for i := range 100 {
		wait(t, w)
		if len(ready) > 0 {
			t.Fatalf("wait %d is over before it has begun", i)
		}
		if _, err := far.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		told(t, ready)
		if n, err := near.Read(make([]byte, 10)); n != 1 {
			t.Fatalf("read %d, %v", n, err)
		}
	}
}

// What came before the wait began ends it at once.
func TestWait_missesNothingThatCameBefore(t *testing.T) {
	t.Parallel()
	near, far := pair(t)
	w, ready := watch(t, poller.New(), near)
	for range 2 {
		_, _ = far.Write([]byte("x"))
	}
	for range 2 {
		wait(t, w)
		told(t, ready)
		_, _ = near.Read(make([]byte, 1))
	}
}

func TestWait_isOverWhenThePeerHasGone(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(net.Conn){
		"closed":      func(c net.Conn) { _ = c.Close() },
		"half closed": func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		"reset": func(c net.Conn) {
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near, far := pair(t)
			w, ready := watch(t, poller.New(), near)
			wait(t, w)
			leave(far)
			told(t, ready)
		})
	}
}

// A connection that is closed leaves the system's queue without a word. Seen to fail
// with Stop not ending the wait.
func TestStop_endsTheWaitOfAClosedConnection(t *testing.T) {
	t.Parallel()
	near, _ := pair(t)
	w, ready := watch(t, poller.New(), near)
	wait(t, w)
	_ = near.Close()
	w.Stop()
	told(t, ready)
	w.Stop()
	if w.Wait() {
		t.Error("it waits after Stop")
	}
}

// Whether the wait or its end comes first, it is over once, or has never begun. Seen
// to fail with Wait not asking whether the Waiter is stopped.
func TestStop_andWaitMayMeet(t *testing.T) {
	t.Parallel()
	p := poller.New()
	for i := range 300 {
		near, _ := pair(t)
		var over atomic.Int64
		done := make(chan struct{}, 2)
		w := p.Add(near, func() { over.Add(1); done <- struct{}{} })
		stopped := make(chan struct{})
		go func() {
			if i%2 == 0 {
				_ = near.Close()
			}
			w.Stop()
			close(stopped)
		}()
		if w.Wait() {
			told(t, done)
		}
		<-stopped
		if w.Wait() || over.Load() > 1 {
			t.Fatal("a wait after Stop, or one that was over twice")
		}
	}
}

// The place of one that was stopped is another's: what is told of the first is not of
// that. Seen to fail with the age left out.
func TestAPlaceThatIsUsedAgain_isNotToldOfTheOneBefore(t *testing.T) {
	t.Parallel()
	p := poller.New()
	keep, _ := pair(t)
	kept, _ := watch(t, p, keep) // else the queue would go with the first
	wait(t, kept)
	for range 200 {
		first, peer := pair(t)
		a, _ := watch(t, p, first)
		wait(t, a)
		_, _ = peer.Write([]byte("x")) // told, perhaps, when a is no more
		a.Stop()                       // and still open
		second, _ := pair(t)
		b, ready := watch(t, p, second)
		wait(t, b)
		runtime.Gosched()
		select {
		case <-ready:
			t.Fatal("a wait is over that has no reason to be")
		default:
		}
		b.Stop()
		told(t, ready)
	}
}

func TestWhatCannotBeWaitedFor_isRead(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	w := poller.New().Add(near, func() { t.Error("told of a pipe") })
	if w.Wait() {
		t.Error("a pipe cannot be waited for")
	}
	w.Stop()
}

// Not parallel: it counts goroutines. Seen to fail with the queue left open.
func TestAnUnusedPoller_hasNoGoroutineAndNoneIsHeldByAWait(t *testing.T) {
	before := runtime.NumGoroutine()
	p := poller.New()
	for range 3 {
		var waiters []*poller.Waiter
		var conns []net.Conn
		ended := make(chan struct{}, 50)
		for range 50 {
			near, far := pair(t)
			w := p.Add(near, func() { _, _ = io.Copy(io.Discard, near); ended <- struct{}{} })
			wait(t, w)
			waiters, conns = append(waiters, w), append(conns, near, far)
		}
		if n := runtime.NumGoroutine(); n > before+5 {
			t.Fatalf("%d goroutines for 50 waits", n-before)
		}
		for _, c := range conns {
			_ = c.Close()
		}
		for _, w := range waiters {
			w.Stop()
		}
		for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines are left", runtime.NumGoroutine()-before)
			}
		}
	}
}
