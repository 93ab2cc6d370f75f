package protocol_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// The tables of bad inputs, by the heads of their columns.
var (
	badRequests = []string{"code", "given", "request", "answer"}
	badFrames   = []string{"what", "given, on a socket", "frames from the client", "answer"}
	oddCursors  = []string{"given, for a stream", "request", "hello, and what follows"}
)

var header = regexp.MustCompile(`^([A-Za-z-]+):(?: (.*))?$`)

// upgrade stands for the headers of a WebSocket's handshake.
const upgrade = "‹upgrade›"

// requestOf makes the request that the code spans of a cell are: a method and a
// path, headers, a body.
func (s *scene) requestOf(cell string) *http.Request {
	s.t.Helper()
	parts := spans(cell)
	method, path, ok := strings.Cut(parts[0], " ")
	if !ok {
		s.t.Fatalf("%s is no request", parts[0])
	}
	headers, body := make(http.Header), ""
	for _, part := range parts[1:] {
		if m := header.FindStringSubmatch(part); m != nil {
			headers.Add(m[1], fill(s.t, m[2], s.names))
		} else if part != upgrade {
			body = fill(s.t, part, s.names)
		}
	}
	before := make(http.Header)
	if slices.Contains(parts, upgrade) {
		before = http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
		}
	}
	r := s.request(nobody, method, fill(s.t, path, s.names), body)
	for _, more := range []http.Header{before, s.header, headers} {
		for name, values := range more {
			r.Header[name] = values
			if slices.Equal(values, []string{""}) {
				delete(r.Header, name)
			}
		}
	}
	return r
}

// wantRefusal checks an answer against a cell such as "401, `WWW-Authenticate: Bearer`".
func (s *scene) wantRefusal(docs *schemas, cell, code string, resp *http.Response, body []byte) {
	s.t.Helper()
	status, _, _ := strings.Cut(cell, ",")
	var p transport.Problem
	if err := json.Unmarshal(body, &p); err != nil || strconv.Itoa(resp.StatusCode) != status || p.Code != code {
		s.t.Fatalf("the answer is %d %s, not %s %s", resp.StatusCode, body, status, code)
	}
	docs.want("schemas/problem.json", body)
	if docs.codes()[code] != resp.StatusCode || p.Status != resp.StatusCode || resp.Header.Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("%s is answered %d %s as %s", code, resp.StatusCode, body, resp.Header.Get("Content-Type"))
	}
	told := make(http.Header) // the headers that the protocol tells of with an error
	for _, name := range []string{"WWW-Authenticate", "Allow", "Retry-After", "Sec-WebSocket-Version"} {
		if values := resp.Header.Values(name); len(values) > 0 {
			told[http.CanonicalHeaderKey(name)] = values
		}
	}
	for _, want := range spans(cell) {
		m := header.FindStringSubmatch(want)
		name := http.CanonicalHeaderKey(m[1])
		if !slices.Equal(told[name], []string{m[2]}) {
			s.t.Errorf("the answer has %v, not %s", resp.Header, want)
		}
		delete(told, name)
	}
	if len(told) > 0 {
		s.t.Errorf("the answer has the headers %v, which are not in the table", told)
	}
	if p.RetryAfter != 0 && resp.Header.Get("Retry-After") != strconv.Itoa(p.RetryAfter) {
		s.t.Errorf("the answer %s has %v", body, resp.Header)
	}
}

// Every code of the protocol is provoked by what the tables of bad inputs say,
// exactly as they say it.
func TestBadInputs_areAnsweredAsTheTableSays(t *testing.T) {
	docs := loadSchemas(t)
	used := map[string]bool{}
	seen := map[string]bool{}
	for _, r := range table(t, badRequests...) {
		codes := spans(r[0])
		if len(codes) != 1 {
			t.Fatalf("the row %v has no code", r)
		}
		t.Run(codes[0]+" "+r[1]+" "+r[2], func(t *testing.T) {
			s := set(t, r[1], used)
			head := s.chat.Head()
			resp, body := s.do(s.requestOf(r[2]))
			s.wantRefusal(docs.in(t), r[3], codes[0], resp, body)
			if s.chat.Head() != head {
				t.Error("something was stored")
			}
			seen[codes[0]] = true
		})
	}
	for _, r := range table(t, badFrames...) {
		t.Run("socket "+r[0], func(t *testing.T) {
			for _, code := range set(t, r[1], used).converse(docs.in(t), r[2], r[3]) {
				seen[code] = true
			}
		})
	}
	for _, r := range table(t, oddCursors...) {
		t.Run("stream "+r[0]+" "+r[1], func(t *testing.T) {
			set(t, r[0], used).begun(docs.in(t), r[1], r[2])
		})
	}
	for words := range states {
		if !used[words] {
			t.Errorf("no row is given %q", words)
		}
	}
	given := givenCodes(t)
	for _, code := range codesOfVersion1 {
		if _, ok := docs.codes()[code]; !ok {
			t.Errorf("%s is not in the table of errors", code)
		}
		if !given[code] || !seen[code] {
			t.Errorf("%s: the sources give it: %v; a row provokes it: %v", code, given[code], seen[code])
		}
	}
	for code := range docs.codes() {
		if !slices.Contains(codesOfVersion1, code) {
			t.Errorf("%s is in the table of errors, and not a code of version 1", code)
		}
	}
}

// givenCodes returns the codes of all refusals in the sources.
func givenCodes(t *testing.T) map[string]bool {
	t.Helper()
	given := make(map[string]bool)
	for _, pattern := range []string{"../../*.go", "../../transport/*.go", "../../transport/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("sources %s: %v", pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`Error\{Code: "([a-z0-9_]+)"\}`).FindAllSubmatch(text, -1) {
				given[string(m[1])] = true
			}
		}
	}
	return given
}

// A code that the transports know keeps its code and its status on the wire.
func TestCodes_haveTheStatusOfTheTable(t *testing.T) {
	for code, status := range loadSchemas(t).codes() {
		if p := transport.ProblemOf(&chat.Error{Code: code}); p.Code != code || p.Status != status {
			t.Errorf("%s goes over the wire as %s, %d", code, p.Code, p.Status)
		}
	}
}
