package client

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/gobwas/ws"
)

// subprotocol is what the frames of a socket are called.
const subprotocol = "chat.v1.json"

// textFrame returns a text message, masked.
func textFrame(text []byte) []byte {
	return ws.MustCompileFrame(ws.MaskFrameInPlace(ws.NewTextFrame(text)))
}

// controlFrame returns a control frame, masked.
func controlFrame(op ws.OpCode, payload []byte) []byte {
	return ws.MustCompileFrame(ws.MaskFrameInPlace(ws.NewFrame(op, true, bytes.Clone(payload))))
}

// readFrame reads a frame. Memory is taken as bytes come, not as they are announced.
func readFrame(in *bufio.Reader) (op ws.OpCode, payload []byte, err error) {
	h, err := ws.ReadHeader(in)
	if err != nil {
		return 0, nil, err
	}
	if err := ws.CheckHeader(h, ws.StateClientSide); err != nil {
		return 0, nil, err
	}
	if !h.Fin || h.Length > maxFrame || h.OpCode == ws.OpBinary {
		return 0, nil, errors.New("the server has sent a frame that it does not send")
	}
	var b bytes.Buffer
	b.Grow(int(min(h.Length, 64<<10)))
	if _, err := io.CopyN(&b, in, h.Length); err != nil {
		return 0, nil, err
	}
	return h.OpCode, b.Bytes(), nil
}

// serverFrame is a text message from the server.
type serverFrame struct {
	Re     *string         `json:"re"`
	OK     json.RawMessage `json:"ok"`
	Error  *Problem        `json:"error"`
	Hello  *hello          `json:"hello"`
	Room   string          `json:"room"`
	Events []Event         `json:"events"`
	Live   ID              `json:"live"`
	Reset  *struct {
		Reason string `json:"reason"`
	} `json:"reset"`
	End *struct {
		Reason string `json:"reason"`
	} `json:"end"`
	Signal string          `json:"signal"`
	Data   json.RawMessage `json:"data"`
}

// closedBy returns what a close frame comes to.
func (c *Client) closedBy(payload []byte) *Lost {
	e := &closeError{code: 1005}
	if len(payload) >= 2 {
		e.code, e.reason = int(binary.BigEndian.Uint16(payload)), string(payload[2:])
	}
	l := &Lost{Err: e}
	switch e.code {
	case 1002, 1003, 1007, 1008, 1009, 4403: // a mistake of the client's, or no right to be here
		l.final = true
	case 4401:
		l.expired = true
	case 4429:
		l.advised = 30 * time.Second
	default: // come back, but not at once
		l.advised = c.options.MinDelay
	}
	return l
}
