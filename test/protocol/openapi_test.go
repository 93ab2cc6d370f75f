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

	"github.com/roomlog/chat/transport"
)

// operation is one of the OpenAPI document.
type operation struct {
	Responses map[string]json.RawMessage `json:"responses"`
	Codes     map[string][]string        `json:"x-codes"`
}

// response is one of an operation.
type response struct {
	Ref     string                     `json:"$ref"`
	Content map[string]json.RawMessage `json:"content"`
}

// operations returns the operations by method and path, "GET /rooms/{room}".
func (s *schemas) operations() map[string]operation {
	s.t.Helper()
	if s.known.operations != nil {
		return s.known.operations
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	s.decode(s.openapi, &doc)
	all := make(map[string]operation)
	for path, item := range doc.Paths {
		for method, raw := range item {
			if method == "parameters" {
				continue
			}
			var op operation
			s.decode(raw, &op)
			all[strings.ToUpper(method)+" "+path] = op
		}
	}
	s.known.operations = all
	return all
}

func (s *schemas) decode(from, into any) {
	s.t.Helper()
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// codes returns the status of every code, as the table of errors has it.
func (s *schemas) codes() map[string]int {
	s.t.Helper()
	if s.known.codes != nil {
		return s.known.codes
	}
	text, err := os.ReadFile(docs + "/protocol.md")
	if err != nil {
		s.t.Fatal(err)
	}
	codes := make(map[string]int)
	for _, row := range regexp.MustCompile("(?m)^\\| ([45]\\d\\d) \\| (`.*)$").FindAllSubmatch(text, -1) {
		status, _ := strconv.Atoi(string(row[1]))
		for _, code := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllSubmatch(row[2], -1) {
			codes[string(code[1])] = status
		}
	}
	s.known.codes = codes
	return codes
}

// wantAnswer checks an answer to an operation against the document.
func (s *schemas) wantAnswer(name string, resp *http.Response, body []byte) {
	s.t.Helper()
	op, ok := s.operations()[name]
	status := strconv.Itoa(resp.StatusCode)
	raw, documented := op.Responses[status]
	if !ok || !documented {
		s.t.Errorf("%s is answered %s %s, which is not in the document", name, status, body)
		return
	}
	var want response
	s.decode(raw, &want)
	at := "openapi.yaml#/paths/" + escape(strings.SplitN(name, " ", 2)[1]) + "/" + strings.ToLower(strings.Fields(name)[0]) + "/responses/" + status
	if want.Ref != "" {
		at = "openapi.yaml" + want.Ref
		parts := strings.Split(want.Ref, "/")
		s.decode(s.openapi["components"].(map[string]any)["responses"].(map[string]any)[parts[len(parts)-1]], &want)
	}
	mediaType := resp.Header.Get("Content-Type")
	if len(want.Content) == 0 {
		if len(body) > 0 || mediaType != "" {
			s.t.Errorf("%s %s has a body, %s: %s", name, status, mediaType, body)
		}
		return
	}
	if _, ok := want.Content[mediaType]; !ok {
		s.t.Errorf("%s %s is %q, not of %v", name, status, mediaType, want.Content)
		return
	}
	if mediaType == "text/event-stream" {
		return
	}
	s.want(at+"/content/"+escape(mediaType)+"/schema", body)
	if resp.StatusCode >= 400 {
		s.wantProblem(name, op, resp, body)
	}
}

func (s *schemas) wantProblem(name string, op operation, resp *http.Response, body []byte) {
	s.t.Helper()
	var p transport.Problem
	if err := json.Unmarshal(body, &p); err != nil {
		s.t.Fatal(err)
	}
	switch {
	case p.Status != resp.StatusCode, p.Type != "urn:chat:problem:"+p.Code, s.codes()[p.Code] != p.Status:
		s.t.Errorf("%s is answered %d %s", name, resp.StatusCode, body)
	case !slices.Contains(op.Codes[strconv.Itoa(p.Status)], p.Code):
		s.t.Errorf("%s is answered %s, which is not in its x-codes", name, p.Code)
	case p.Status == 401 && resp.Header.Get("WWW-Authenticate") == "",
		p.RetryAfter != 0 && resp.Header.Get("Retry-After") != strconv.Itoa(p.RetryAfter):
		s.t.Errorf("%s is answered %s with the header %v", name, body, resp.Header)
	}
}

// escape makes a step of a JSON pointer in a URL.
func escape(step string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(step)
}

func TestOpenAPI_codesAreThoseOfTheProtocol(t *testing.T) {
	s := loadSchemas(t)
	codes := s.codes()
	for name, op := range s.operations() {
		for status, list := range op.Codes {
			if op.Responses[status] == nil {
				t.Errorf("%s has codes for %s and no response", name, status)
			}
			for _, code := range list {
				if strconv.Itoa(codes[code]) != status {
					t.Errorf("%s: the protocol has %s under %d, not %s", name, code, codes[code], status)
				}
			}
		}
		for status := range op.Responses {
			if status >= "400" && len(op.Codes[status]) == 0 {
				t.Errorf("%s has a response %s and no codes for it", name, status)
			}
		}
	}
}

func TestOpenAPI_hasEveryRouteAndNoOther(t *testing.T) {
	s := loadSchemas(t)
	want := make(map[string][]string) // methods by path
	for name := range s.operations() {
		method, path, _ := strings.Cut(name, " ")
		want[path] = append(want[path], method)
		if method == "GET" {
			want[path] = append(want[path], "HEAD")
		}
	}
	// What is registered, as the sources have it.
	sources, err := filepath.Glob("../../transport/*/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("sources: %v, %v", sources, err)
	}
	registered := 0
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\.Handle\("([A-Z]+) (/[^"]*)"`).FindAllSubmatch(text, -1) {
			registered++
			if !slices.Contains(want[string(m[2])], string(m[1])) {
				t.Errorf("%s %s is served and not in the document", m[1], m[2])
			}
		}
	}
	if registered != len(s.operations()) {
		t.Errorf("%d routes are served, %d are in the document", registered, len(s.operations()))
	}
	// What the server itself says of every path.
	srv := serve(t, transport.Options{}, nil)
	for path, methods := range want {
		concrete := strings.NewReplacer("{room}", "general", "{id}", "x", "{emoji}", "x", "{user}", "x").Replace(path)
		resp, body := srv.do(srv.request(ann, "TRACE", concrete, ""))
		allow := strings.Split(resp.Header.Get("Allow"), ", ")
		methods = append(methods, "OPTIONS")
		slices.Sort(methods)
		if resp.StatusCode != 405 || !slices.Equal(allow, methods) {
			t.Errorf("%s allows %v, the document has %v", path, allow, methods)
		}
		s.want("schemas/problem.json", body)
	}
	resp, body := srv.do(srv.request(ann, "GET", "/nothing", ""))
	if resp.StatusCode != 404 {
		t.Errorf("a path that is not there is answered %d", resp.StatusCode)
	}
	s.want("schemas/problem.json", body)
}
