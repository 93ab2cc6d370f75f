package sse_test

import (
	"testing"

	"github.com/roomlog/chat/transport/internal/wiretest"
)

// overForms runs a test over every way in which a stream is written.
func overForms(t *testing.T, test func(t *testing.T, form wiretest.Form)) {
	for _, form := range wiretest.Forms {
		t.Run(form.String(), func(t *testing.T) { test(t, form) })
	}
}
