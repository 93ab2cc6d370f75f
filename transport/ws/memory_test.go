package ws_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// The variables that make a process of this test one of clients.
const (
	envDial  = "CHAT_TEST_DIAL"  // the address of the server
	envToken = "CHAT_TEST_TOKEN" // of the user
	envCount = "CHAT_TEST_COUNT" // how many sockets
)

// BenchmarkIdleSocket measures the memory of sockets that are subscribed to a
// room in which nothing happens: run it with -benchtime 5000x. The clients are a
// process of their own, so that only the server's side is counted.
func BenchmarkIdleSocket(b *testing.B) {
	s := wiretest.New(b, wiretest.Setup{Options: transport.Options{NoLimits: true}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "hello")
	before := memory()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestClients_ofTheMemoryBenchmark$")
	cmd.Env = append(os.Environ(), envDial+"="+s.Addr, envToken+"="+token, envCount+"="+strconv.Itoa(b.N))
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready"))); err != nil {
		b.Fatal(err)
	}
	after := memory()
	for _, m := range []struct {
		name          string
		before, after uint64
	}{
		{"heap", before.HeapInuse, after.HeapInuse},
		{"stack", before.StackInuse, after.StackInuse},
		{"all", before.HeapInuse + before.StackInuse, after.HeapInuse + after.StackInuse},
	} {
		b.ReportMetric((float64(m.after)-float64(m.before))/float64(b.N), m.name+"-B/socket")
	}
	_ = in.Close()
	_ = cmd.Wait()
}

func memory() (m runtime.MemStats) {
	for range 3 { // stacks shrink by half at each
		debug.FreeOSMemory()
	}
	runtime.ReadMemStats(&m)
	return m
}

// TestClients_ofTheMemoryBenchmark is not a test: it is the clients of
// BenchmarkIdleSocket, in a process of their own.
func TestClients_ofTheMemoryBenchmark(t *testing.T) {
	addr := os.Getenv(envDial)
	if addr == "" {
		t.Skip("it is run by the benchmark")
	}
	n, err := strconv.Atoi(os.Getenv(envCount))
	if err != nil {
		t.Fatal(err)
	}
	d := ws.Dialer{Header: ws.HandshakeHeaderHTTP(http.Header{"Authorization": {"Bearer " + os.Getenv(envToken)}})}
	conns := make([]net.Conn, n)
	for i := range conns {
		conn, in, _, err := d.Dial(context.Background(), "ws://"+addr+"/api/ws")
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = conn
		var r io.Reader = conn
		if in != nil {
			r = in
		}
		_, _ = conn.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(`{"id":"1","op":"subscribe","room":"general"}`)))))
		for {
			h, err := ws.ReadHeader(r)
			if err != nil {
				t.Fatal(err)
			}
			payload := make([]byte, h.Length)
			if _, err := io.ReadFull(r, payload); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(payload), `"live"`) {
				break
			}
		}
	}
	fmt.Print("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}
