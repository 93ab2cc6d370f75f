package client

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
)

// handshake opens the connection by the HTTP client, and so over its proxy and with
// its certificates.
func (s *socket) handshake(ctx context.Context, token string) error {
	r, err := s.c.caller.newRequest(ctx, token, &request{method: http.MethodGet, path: "/ws"})
	if err != nil {
		return err
	}
	key := newSocketKey()
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Version", "13")
	r.Header.Set("Sec-WebSocket-Key", key)
	r.Header.Set("Sec-WebSocket-Protocol", subprotocol)
	if r.Header.Get("Authorization") == "" && r.Header.Get("Origin") == "" { // cookies count where it is said who uses them
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	}
	resp, err := s.c.caller.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return &Lost{Err: err}
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if resp.StatusCode != http.StatusSwitchingProtocols || !ok {
		defer resp.Body.Close()
		if resp.StatusCode < 300 {
			return &Lost{Err: errors.New("the answer to the handshake is " + resp.Status), refused: true}
		}
		return problemOf(resp)
	}
	if resp.Header.Get("Sec-WebSocket-Accept") != acceptOf(key) {
		_ = conn.Close()
		return &Lost{Err: errors.New("the answer to the handshake is not to this one"), refused: true}
	}
	s.conn = conn
	return nil
}

// newSocketKey returns the nonce of a handshake (RFC 6455, 4.1).
func newSocketKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// acceptOf returns how a handshake is accepted (RFC 6455, 4.2.2).
func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
