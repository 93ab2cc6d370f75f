package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// serveGorilla is a hub as the chat example of gorilla/websocket has it: one
// goroutine that all messages go through, a queue of 256 for each client, two
// goroutines for each, and one message for all that waits in the queue.
func serveGorilla(order) (*backend, error) {
	h := &hub{
		clients:   make(map[*hubClient]bool),
		broadcast: make(chan []byte), register: make(chan *hubClient), unregister: make(chan *hubClient),
	}
	go h.run()
	// The buffers of the example, 1 KiB, would cut messages into fragments.
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 96 << 10, WriteBufferPool: &sync.Pool{}}
	join := func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := &hubClient{hub: h, conn: conn, send: make(chan []byte, 256)}
		h.register <- c
		go c.write()
		go c.read()
	}
	return peer(socketPath, join, func(event []byte) error { h.broadcast <- event; return nil }, nothing), nil
}

type hub struct {
	clients              map[*hubClient]bool
	broadcast            chan []byte
	register, unregister chan *hubClient
}

type hubClient struct {
	hub  *hub
	conn *websocket.Conn
	send chan []byte
}

func (h *hub) run() {
	for {
		select {
		case c := <-h.register:
			h.clients[c] = true
		case c := <-h.unregister:
			if h.clients[c] {
				delete(h.clients, c)
				close(c.send)
			}
		case event := <-h.broadcast:
			for c := range h.clients {
				select {
				case c.send <- event:
				default: // it is too slow
					close(c.send)
					delete(h.clients, c)
				}
			}
		}
	}
}

const (
	hubWrite = 10 * time.Second
	hubPong  = time.Minute
)

// read waits for the end of a client.
func (c *hubClient) read() {
	defer func() {
		c.hub.unregister <- c
		c.conn.Close()
	}()
	c.conn.SetReadLimit(512)
	_ = c.conn.SetReadDeadline(time.Now().Add(hubPong))
	c.conn.SetPongHandler(func(string) error { return c.conn.SetReadDeadline(time.Now().Add(hubPong)) })
	for {
		if _, _, err := c.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// write writes what is in the queue.
func (c *hubClient) write() {
	tick := time.NewTicker(hubPong * 9 / 10)
	defer func() {
		tick.Stop()
		c.conn.Close()
	}()
	for {
		select {
		case event, open := <-c.send:
			_ = c.conn.SetWriteDeadline(time.Now().Add(hubWrite))
			if !open {
				_ = c.conn.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			if c.message(event) != nil {
				return
			}
		case <-tick.C:
			_ = c.conn.SetWriteDeadline(time.Now().Add(hubWrite))
			if c.conn.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}

// message writes one message of an event and of those that wait behind it.
func (c *hubClient) message(event []byte) error {
	w, err := c.conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	_, _ = w.Write(event) // Close tells
	for range len(c.send) {
		_, _ = w.Write([]byte{'\n'})
		_, _ = w.Write(<-c.send)
	}
	return w.Close()
}
