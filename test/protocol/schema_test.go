package protocol_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	docs = "../../docs"
	root = "https://docs.test/" // what the schemas are loaded under
)

// schemas are the documents, to be compiled by their names. An object of theirs
// that lists its fields has no others: the protocol lets the server add fields,
// and here they must be written down first.
type schemas struct {
	t        *testing.T
	compiler *jsonschema.Compiler
	docs     map[string]any // by name
	openapi  map[string]any
	known    *known
}

// known is what has been read of the documents.
type known struct {
	operations map[string]operation
	codes      map[string]int
	unchecked  bool // what is read is not checked: there is too much of it
}

func loadSchemas(t *testing.T) *schemas {
	t.Helper()
	s := &schemas{t: t, compiler: jsonschema.NewCompiler(), docs: make(map[string]any), known: &known{}}
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	files, err := filepath.Glob(docs + "/schemas/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("schemas: %v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s.add("schemas/"+filepath.Base(file), text)
	}
	text, err := os.ReadFile(docs + "/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		t.Fatal(err)
	}
	s.openapi = s.add("openapi.yaml", text).(map[string]any)
	return s
}

// in returns the schemas for a subtest.
func (s *schemas) in(t *testing.T) *schemas {
	c := *s
	c.t = t
	return &c
}

func (s *schemas) add(name string, text []byte) any {
	s.t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	if strings.HasPrefix(name, "schemas/") {
		meta, err := s.compiler.Compile("https://json-schema.org/draft/2020-12/schema")
		if err != nil {
			s.t.Fatal(err)
		}
		if err := meta.Validate(doc); err != nil {
			s.t.Fatalf("%s is no schema: %v", name, err)
		}
	}
	tighten(doc)
	s.docs[name] = doc
	if err := s.compiler.AddResource(root+name, doc); err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	return doc
}

// tighten lets objects have no other fields than those that are listed.
func tighten(doc any) {
	switch doc := doc.(type) {
	case []any:
		for _, item := range doc {
			tighten(item)
		}
	case map[string]any:
		for _, item := range doc {
			tighten(item)
		}
		_, lists := doc["properties"].(map[string]any)
		if _, says := doc["additionalProperties"]; lists && !says && doc["type"] == "object" {
			doc["additionalProperties"] = false
		}
	}
}

// check returns why a JSON text is not as the schema at a place, such as
// "schemas/event.json" or "schemas/sse.json#/$defs/live", wants it.
func (s *schemas) check(place string, text []byte) error {
	s.t.Helper()
	file, fragment, _ := strings.Cut(place, "#")
	url := root + path.Clean(file)
	if fragment != "" {
		url += "#" + fragment
	}
	schema, err := s.compiler.Compile(url)
	if err != nil {
		s.t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

// want fails the test unless the text is as the schema wants it.
func (s *schemas) want(place string, text []byte) {
	s.t.Helper()
	if s.known.unchecked {
		return
	}
	if err := s.check(place, text); err != nil {
		s.t.Errorf("%s is not %s: %v", text, place, err)
	}
}

// So that the other tests can fail.
func TestSchemas_refuseWhatIsNotWritten(t *testing.T) {
	s := loadSchemas(t)
	const (
		id    = `"01K6ZZZZZZZZZZZZZZZZZZZZZZ"`
		head  = `"id":` + id + `,"room":"a","user":{"id":"ann","name":"Ann"},"at":"2026-01-02T12:00:00.000Z"`
		event = `{` + head + `,"type":"MessagePosted","data":{"text":"x"}}`
	)
	s.want("schemas/event.json", []byte(event))
	s.want("schemas/event.json", []byte(strings.Replace(event, "MessagePosted", "x.anything", 1)))
	for _, test := range []struct{ place, text string }{
		{"schemas/event.json", strings.Replace(event, `"room":"a",`, ``, 1)},
		{"schemas/event.json", strings.Replace(event, `"text":"x"`, ``, 1)},
		{"schemas/event.json", strings.Replace(event, `"data"`, `"erased":true,"data"`, 1)},
		{"schemas/event.json", strings.Replace(event, `"at":`, `"new":1,"at":`, 1)},
		{"schemas/event.json", strings.Replace(event, `00.000Z`, `00Z`, 1)},
		{"schemas/event.json", strings.Replace(event, id, strings.ToLower(id), 1)},
		{"schemas/event.json", `{` + head + `,"type":"RoomChanged","data":{"kind":"private","title":"x"}}`},
		{"schemas/event.json", `{` + head + `,"type":"RoleChanged","data":{"member":{"id":"bob","name":""},"role":"boss"}}`},
		{"schemas/event.json", `{` + head + `,"type":"UserLeft","data":{"member":{"id":"bob","name":""},"reason":"gone"}}`},
		{"schemas/event.json", `{` + head + `,"type":"RoomDeleted","data":{"text":"x"}}`},
		{"schemas/event.json", strings.Replace(event, `"text":"x"`, `"text":"","attachments":[]`, 1)},
		{"schemas/message.json", `{` + head + `,"deleted":true,"text":"x"}`},
		{"schemas/message.json", `{` + head + `,"deleted":true,"parent":{}}`},
		{"schemas/message.json", `{` + head + `,"text":"","kind":"text","reactions":[]}`},
		{"schemas/message.json", `{` + head + `,"text":"x","kind":"text"}`},
		{"schemas/problem.json", `{"type":"urn:chat:problem:rate_limited","code":"rate_limited","title":"x","status":429}`},
		{"schemas/sse.json#/$defs/hello", `{"v":1,"store":"` + strings.Repeat("0", 32) + `","verdict":"fresh","rooms":{"a":{"verdict":"fresh"}},"heartbeat_ms":1}`},
		{"schemas/ws-server.json", `{"room":"a","events":[]}`},
		{"schemas/ws-server.json", `{"re":"1"}`},
		{"schemas/sse.json#/$defs/typing", `{"room":"a","users":[{"id":"ann"}]}`},
		{"schemas/sse.json#/$defs/typing", `{"users":[]}`},
		{"schemas/sse.json#/$defs/presence", `{"room":"a","version":1,"from":0,"count":0,"users":[]}`},
		{"schemas/sse.json#/$defs/presence", `{"room":"a","version":1,"count":1,"users":[{"id":"ann","name":"Ann","status":"here","last_seen":"2026-01-02T12:00:00.000Z"}]}`},
		{"schemas/sse.json#/$defs/read", `{"room":"a","up_to":` + id + `,"unread":1001,"mentions":0}`},
		{"schemas/sse.json#/$defs/read", `{"room":"a","up_to":` + id + `,"unread":0,"mentions":0,"receipts":[]}`},
		{"schemas/sse.json#/$defs/signal", `{"room":"a","signal":"cleared","user":{"id":"ann","name":"Ann"},"data":1}`},
		{"schemas/sse.json#/$defs/signal", `{"room":"a","signal":"cursor","user":{"id":"ann","name":"Ann"},"data":1}`},
		{"schemas/sse.json#/$defs/rooms", `{"rooms":[]}`},
		{"schemas/ws-server.json", `{"room":"a","signal":"typing","data":{}}`},
		{"schemas/ws-server.json", `{"room":"a","signal":"x.a","data":{"data":1}}`},
		{"schemas/ws-server.json", `{"room":"a","signal":"rooms","data":{"rooms":[],"cursor":` + id + `}}`},
	} {
		if s.check(test.place, []byte(test.text)) == nil {
			t.Errorf("%s lets through %s", test.place, test.text)
		}
	}
}
