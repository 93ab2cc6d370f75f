package clients_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// childEnv is set, to the path of the chat's file, where the process is a server.
const childEnv = "CHAT_CLIENTS_SERVER"

// startServer serves a new chat in a process of its own, until the test ends. It returns
// its address. Tokens are names.
func startServer(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+filepath.Join(t.TempDir(), "chat.db"))
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(addr)
}

// serveChat is the process of a server: it tells its address, and ends with its input.
func serveChat(path string) error {
	c, err := chat.Create(path, nil)
	if err != nil {
		return err
	}
	auth := func(r *http.Request) (transport.Grant, error) {
		name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			return transport.Grant{}, transport.Errorf(transport.ErrUnauthenticated, "no token")
		}
		return transport.Grant{User: chat.User{ID: name, Name: name}}, nil
	}
	api := mount.Handler(c, auth, &transport.Options{NoLimits: true})
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(in.Addr())
	srv := &http.Server{Handler: api.Under("/api", http.NotFoundHandler()), ConnContext: transport.ConnContext}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(in) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = errors.Join(api.Drain(ctx), srv.Close())
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, c.Close())
}
