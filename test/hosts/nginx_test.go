package hosts_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/roomlog/chat/transport"
)

// nginx finds the program. Without it the test is skipped, but not in CI.
func nginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("nginx is not installed")
	}
	t.Skip("nginx is not installed")
	return ""
}

// config is one that any user may run. What is proxied is so with the default
// settings: over HTTP/1.0, with buffers. Sockets need the two headers.
const config = `daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path client;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	server {
		listen %s;
		location / {
			proxy_pass http://%s;
		}
		location /api/ws {
			proxy_pass http://%[2]s;
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection "upgrade";
		}
	}
}
`

// behindNginx starts nginx before a host and returns its address.
func behindNginx(t *testing.T, h *host) (addr string) {
	t.Helper()
	dir, addr := t.TempDir(), freePort(t)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, addr, h.srv.Listener.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nginx(t), "-p", dir, "-e", "stderr", "-c", file)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return addr
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx did not start: %v", err)
		}
	}
}

func TestNginx_passesStreamsOnAtOnce(t *testing.T) {
	nginx(t)
	h := start(t, transport.Options{ConnectionsPerUser: 1}, nil, nil, nil)
	url := "http://" + behindNginx(t, h)
	s := h.open(plain(), url, "")
	if s.resp.StatusCode != http.StatusOK || s.resp.Header.Get("Content-Type") != "text/event-stream" || s.resp.Header.Get("Server") == "" {
		t.Fatalf("the answer is %s %v", s.resp.Status, s.resp.Header)
	}
	s.want("event: chat.live")
	last := h.post("live") // small: it would wait in a buffer
	s.want("id: " + last.ID.String())
	s.close()
	h.gone(plain(), url)

	// What came meanwhile comes on return.
	missed := h.post(strings.Repeat("missed ", 500))
	s = h.open(plain(), url, "", "Last-Event-ID", last.ID.String())
	s.want("data: " + string(missed.JSON()))
	s.want("event: chat.live")
	s.close()
	h.gone(plain(), url)
}

func TestNginx_passesCommandsOn(t *testing.T) {
	nginx(t)
	h := start(t, transport.Options{}, nil, nil, nil)
	url := "http://" + behindNginx(t, h)
	s := h.open(plain(), url, "")
	s.want("event: chat.live")
	resp, err := plain().Post(url+"/api/rooms/general/messages", "application/json", strings.NewReader(`{"text":"posted"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	event, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("the answer is %s %s", resp.Status, event)
	}
	s.want("data: " + string(bytes.TrimSpace(event)))
}

func TestNginx_passesSocketsOn(t *testing.T) {
	nginx(t)
	h := start(t, transport.Options{}, nil, nil, nil)
	addr := behindNginx(t, h)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d := ws.Dialer{Header: ws.HandshakeHeaderHTTP(http.Header{"Authorization": {"Bearer any"}})}
	conn, _, _, err := d.Dial(ctx, "ws://"+addr+"/api/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if err := wsutil.WriteClientText(conn, []byte(`{"id":"1","op":"subscribe","room":"general"}`)); err != nil {
		t.Fatal(err)
	}
	var posted string
	for all := ""; posted == "" || !strings.Contains(all, posted); {
		frame, err := wsutil.ReadServerText(conn)
		if err != nil {
			t.Fatalf("after %s: %v", all, err)
		}
		all += string(frame)
		if posted == "" && strings.Contains(all, `"live":`) {
			posted = string(h.post("over the socket").JSON())
		}
	}
}
