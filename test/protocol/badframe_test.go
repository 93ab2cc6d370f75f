package protocol_test

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

var rawFrame = regexp.MustCompile(`^[0-9a-f]{2}( |$)`)

// converse opens a socket, sends the frames of a cell and checks that they are
// answered as the other cell says: with codes, one each, and then at most one
// close code. 1005 stands for a close frame without a code, 1006 for the lack of
// one. It returns the codes of errors.
func (s *scene) converse(docs *schemas, sends, want string) (codes []string) {
	s.t.Helper()
	k := &socket{s: docs, conn: s.dialRaw()}
	defer k.conn.Close()
	for _, part := range spans(sends) {
		b := []byte(fill(s.t, part, s.names))
		if rawFrame.MatchString(part) {
			head, rest, long := strings.Cut(part, "‹")
			b = []byte(fill(s.t, "‹"+head+"›", nil))
			if long {
				b = append(b, fill(s.t, "‹"+rest, nil)...)
			}
		} else {
			b = ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame(b)))
		}
		if _, err := k.conn.Write(b); err != nil {
			s.t.Fatal(err)
		}
	}
	subscribes := strings.Contains(sends, `"subscribe"`)
	if s.later != nil && !subscribes {
		s.later()
	}
	closed := regexp.MustCompile(`\b[1-4]\d{3}\b`).FindString(want)
	wanted := spans(want)
	var got []string
	for len(got) < len(wanted) || closed != "" {
		h, payload, err := k.frame()
		switch {
		case err != nil:
			got = append(got, "1006")
		case h.OpCode == ws.OpClose && len(payload) < 2:
			got = append(got, "1005")
		case h.OpCode == ws.OpClose:
			got = append(got, strconv.Itoa(int(binary.BigEndian.Uint16(payload))))
		case h.OpCode != ws.OpText:
			continue
		default:
			docs.want("schemas/ws-server.json", payload)
			var m message
			if err := json.Unmarshal(payload, &m); err != nil {
				s.t.Fatal(err)
			}
			if p := m.Error; p != nil {
				if docs.codes()[p.Code] != p.Status || p.Type != "urn:chat:problem:"+p.Code {
					s.t.Errorf("the problem is %s", payload)
				}
				got, codes = append(got, p.Code), append(codes, p.Code)
			}
			if m.Live != "" && s.later != nil {
				s.later()
			}
			if m.End != nil {
				got = append(got, string(m.End))
			}
			continue
		}
		break // it was closed
	}
	if closed != "" {
		wanted = append(wanted, closed)
	}
	if !slices.Equal(got, wanted) {
		s.t.Errorf("the socket answers %v, not %v", got, wanted)
	}
	return codes
}

// dialRaw opens a socket of the one who asks.
func (s *scene) dialRaw() net.Conn {
	s.t.Helper()
	d := ws.Dialer{Timeout: patience, Header: ws.HandshakeHeaderHTTP(s.header)}
	nc, in, _, err := d.Dial(s.t.Context(), "ws"+strings.TrimPrefix(s.url, "http")+"/ws")
	if err != nil {
		s.t.Fatal(err)
	}
	_ = nc.SetDeadline(time.Now().Add(patience))
	if in == nil {
		return nc
	}
	return &ahead{Conn: nc, in: in}
}

// frame reads a frame, whatever it is.
func (k *socket) frame() (ws.Header, []byte, error) {
	h, err := ws.ReadHeader(k.conn)
	if err != nil {
		return h, nil, err
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(k.conn, payload)
	return h, payload, err
}

// begun opens a stream and checks that it begins as a cell says: with a verdict
// and the reasons of resets, or with the reason of its end, what is said of coming
// back if it is not soon, and the name of a frame that follows.
func (s *scene) begun(docs *schemas, request, want string) {
	s.t.Helper()
	r := s.requestOf(request)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	operation := "GET " + strings.TrimPrefix(r.URL.Path, "/api")
	if strings.HasPrefix(operation, "GET /rooms/") {
		operation = "GET /rooms/{room}/events"
	}
	docs.wantAnswer(operation, resp, nil)
	if resp.StatusCode != 200 {
		s.t.Fatalf("the stream is answered %d", resp.StatusCode)
	}
	st := docs.follow(resp)
	wanted := spans(want)
	var got []string
	last := "chat.live"
	if n := len(wanted); strings.HasPrefix(wanted[n-1], "chat.") { // there are signals then
		wanted, last = wanted[:n-1], wanted[n-1]
	}
	for f, ok := st.any(); ; f, ok = st.any() {
		if !ok {
			s.t.Fatalf("the stream ended after %q", got)
		}
		if f.retry == "30000" {
			got = append(got, "retry: 30000")
		}
		if !strings.HasPrefix(f.event, "chat.") {
			continue
		}
		var data struct{ Verdict, Reason string }
		if err := json.Unmarshal([]byte(f.data), &data); err != nil {
			s.t.Fatal(err)
		}
		if f.event == last && len(got) >= len(wanted) {
			break
		}
		if reason := data.Verdict + data.Reason; reason != "" {
			got = append(got, reason)
		}
		if f.event == "chat.end" {
			break
		}
	}
	if !slices.Equal(got, wanted) {
		s.t.Errorf("the stream begins with %q, not %q", got, wanted)
	}
}
