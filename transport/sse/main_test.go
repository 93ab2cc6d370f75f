package sse_test

import (
	"testing"

	"github.com/roomlog/chat/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.AtOnce(8)
	m.Run()
}
