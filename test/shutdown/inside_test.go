package shutdown_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/test/web"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// A host that ends the chat in its own process gets back everything: no goroutine
// and no open file is left, and the file can be opened at that moment.
func TestShutdown_leavesNothing(t *testing.T) {
	var took []time.Duration
	for round := range *rounds {
		dir := t.TempDir()
		db := filepath.Join(dir, "chat.db")
		goroutines, files := runtime.NumGoroutine(), openFiles(t)
		c, err := chat.Open(db, nil)
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		api := mount.Handler(c, web.Auth, &transport.Options{NoLimits: true})
		srv := &http.Server{Handler: api.Under("/api", http.NotFoundHandler())}
		srv.RegisterOnShutdown(c.Drain)
		served := make(chan error, 1)
		go func() { served <- srv.Serve(listener) }()
		crowd := gather(t, "http://"+listener.Addr().String()+"/api", false) // http.Server waits five seconds for connections that say nothing
		<-time.After(600*time.Millisecond + time.Duration(round%10)*10*time.Millisecond)

		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if err := errors.Join(srv.Shutdown(ctx), api.Drain(ctx), c.Close()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		cancel()
		took = append(took, time.Since(began))
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		began = time.Now()
		again, err := chat.Open(db, nil)
		if err != nil {
			t.Fatal(err)
		}
		if free := time.Since(began); free > patience {
			t.Errorf("the file was opened again after %v", free)
		}
		posts := 0
		for e, err := range again.Room(room).Replay(t.Context(), chat.Start) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Key != "" {
				posts++
			}
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
		crowd.over()
		if posts < len(crowd.acked) || posts > len(crowd.acked)+len(crowd.keys) {
			t.Errorf("%d posts are there, %d were acknowledged and %d not answered", posts, len(crowd.acked), len(crowd.keys))
		}
		settle(t, goroutines, files)
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(took)
	t.Logf("%d rounds of %d readers; a median of %v, at most %v", *rounds, readers, took[len(took)/2], took[len(took)-1])
	if *rounds >= enough && took[len(took)/2] > usual {
		t.Errorf("half of them took more than %v", usual)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// settle waits until there are no more goroutines and open files than there were:
// those of the clients end a moment after their connections.
func settle(t *testing.T, goroutines, files int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(patience); ; <-tick.C {
		nowRunning, nowOpen := runtime.NumGoroutine(), openFiles(t)
		if nowRunning <= goroutines && nowOpen <= files {
			return
		}
		if time.Now().After(late) {
			var stacks strings.Builder
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Errorf("%d goroutines of %d and %d files of %d are left\n%.4000s", nowRunning, goroutines, nowOpen, files, &stacks)
			return
		}
	}
}
