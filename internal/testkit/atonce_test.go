package testkit_test

import (
	"flag"
	"strconv"
	"sync"
	"testing"

	"github.com/roomlog/chat/internal/testkit"
)

// atOnce is how many tests of this package run at a time, unless it is called
// with -parallel or under the race detector.
var atOnce = 5

func TestMain(m *testing.M) {
	flag.Parse()
	if testkit.Race {
		atOnce = 1 // or more
	}
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "test.parallel" {
			atOnce, _ = strconv.Atoi(f.Value.String())
		}
	})
	testkit.AtOnce(5)
	m.Run()
}

func TestAtOnce_letsSoManyTestsRunAtATime(t *testing.T) {
	var all sync.WaitGroup
	all.Add(atOnce)
	for range atOnce {
		t.Run("one of them", func(t *testing.T) {
			t.Parallel()
			all.Done()
			all.Wait() // for good, if there were a place too few
		})
	}
}
