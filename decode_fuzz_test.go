package chat

import (
	"errors"
	"testing"
)

// Whatever is found in the file, reading it as a fact ends in one of that type
// or in ErrInternal.
func FuzzFact_isDecodedOrRefused(f *testing.F) {
	const head = `{"id":"00000000000000000000000000","room":"r","type":"t","at":"0000-00-00T00:00:00.000Z","user":{"id":"u","name":"U"}`
	for kind, data := range map[string]string{
		kindMessagePosted:   `{"text":"Hello.","kind":"k","meta":{"a":[1]}}`,
		kindMessageEdited:   `{"message":"01K6ABCDEFGHJKMNPQRSTVWXYZ","text":"Bye."}`,
		kindMessageDeleted:  `{"message":"01K6"}`,
		kindReactionAdded:   `{"message":5,"emoji":"👍"}`,
		kindReactionRemoved: `{"message":"8ZZZZZZZZZZZZZZZZZZZZZZZZZ","emoji":"👍"}`,
		kindUserJoined:      `{"member":{"id":"u","name":"U"},"role":"member"}`,
		kindUserLeft:        `{"member":[],"reason":null}`,
		"x.custom":          `{"data":{"text":",\"data\":"}}`,
		"":                  `null`,
	} {
		f.Add(kind, []byte(head+beforeData+data+"}"))
		f.Add(kind, []byte(head+erasedMark+beforeData+data[:len(data)/2]))
	}
	f.Add(kindMessagePosted, []byte{})
	f.Add(kindMessagePosted, []byte(head+"}"))
	f.Add(kindMessagePosted, []byte(head+beforeData))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		fact, err := Event{Type: kind, body: body}.Fact()
		switch {
		case err != nil && !errors.Is(err, ErrInternal):
			t.Errorf("error is %v", err)
		case err == nil && (fact == nil || fact.Kind() != kind):
			t.Errorf("%q is read as %#v", kind, fact)
		}
	})
}
