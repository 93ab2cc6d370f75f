// Package docs_test keeps the code of the pages in docs true: those that tell how
// to come from another library, and how to go with one. Every block of Go is
// built and vetted, and every program that serves a chat is run and used; every
// block of JavaScript is parsed, and what it imports must be there; every page for
// a browser is opened in one.
//
//	go test ./docs
package docs_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/roomlog/chat/test/internal/chromium"
)

// patience is how long anything may take that is not meant to.
const patience = 30 * time.Second

// scratch is a directory that goes with the process.
var scratch string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if scratch, err = os.MkdirTemp("", "chat-docs-"); err != nil {
		panic(err)
	}
	code := m.Run()
	chromium.Stop()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}
