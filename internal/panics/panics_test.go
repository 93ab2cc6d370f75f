package panics_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/roomlog/chat/internal/panics"
)

// caught returns the text of what f panics with.
func caught(f func()) (text string) {
	defer func() { text = panics.Text(recover()) }()
	f()
	return ""
}

func TestText_holdsTheWordsOfTheRuntimeAlone(t *testing.T) {
	empty := []int{}
	for _, test := range []struct {
		want string
		f    func()
	}{
		{"index out of range [3] with length 0", func() { _ = empty[len("abc")] }},
		{"interface conversion: interface {} is string, not int", func() { _ = any("secret").(int) }},
		{"panic called with nil argument", func() { panic(nil) }},
		{"a value of type string", func() { panic("secret") }},
		{"a value of type *errors.errorString", func() { panic(errors.New("secret")) }},
		{"a value of type []string", func() { panic([]string{"secret"}) }},
		{"Goexit", func() {}},
	} {
		if text := caught(test.f); !strings.Contains(text, test.want) || strings.Contains(text, "secret") {
			t.Errorf("it says %q, not %q", text, test.want)
		}
	}
}
