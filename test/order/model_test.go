package order_test

import (
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
)

// see is what a read shows of a room with these texts, "1" having the id "1".
func see(texts ...string) shown {
	var l list
	for _, text := range texts {
		l = l.with(text, text)
	}
	return l.shown
}

// The model knows what must not be from what may be.
func TestModel_refusesWhatNoOrderExplains(t *testing.T) {
	const open = math.MaxInt64
	put := func(text string, call, end int64) porcupine.Operation {
		o := porcupine.Operation{Input: post{"a", text}, Output: posted{text}, Call: call, Return: end}
		if end == open {
			o.Output = posted{}
		}
		return o
	}
	get := func(call, end int64, texts ...string) porcupine.Operation {
		return porcupine.Operation{Input: read{room: "a"}, Output: see(texts...), Call: call, Return: end}
	}
	for _, c := range []struct {
		name    string
		history []porcupine.Operation
		want    bool
	}{
		{"one after the other", []porcupine.Operation{put("1", 1, 2), get(3, 4, "1"), put("2", 5, 6), get(7, 8, "1", "2")}, true},
		{"a read beside a post may show it", []porcupine.Operation{put("1", 1, 9), get(3, 4, "1")}, true},
		{"and need not", []porcupine.Operation{put("1", 1, 9), get(3, 4)}, true},
		{"a stale read", []porcupine.Operation{put("1", 1, 2), get(3, 4)}, false},
		{"a read that goes back", []porcupine.Operation{put("1", 1, 9), get(2, 3, "1"), get(4, 5)}, false},
		{"an acknowledged post that is lost", []porcupine.Operation{put("1", 1, 2), put("2", 3, 4), get(5, 6, "2")}, false},
		{"a post that is there twice", []porcupine.Operation{put("1", 1, 2), get(3, 4, "1", "1")}, false},
		{"two readers with two orders", []porcupine.Operation{put("1", 1, 9), put("2", 1, 9), get(10, 11, "1", "2"), get(12, 13, "2", "1")}, false},
		{"ids that fall", []porcupine.Operation{put("2", 1, 2), put("1", 3, 4)}, false},
		{"no answer, and not stored", []porcupine.Operation{put("1", 1, open), get(3, 4), put("2", 5, 6), get(7, 8, "2")}, true},
		{"no answer, and stored later", []porcupine.Operation{put("1", 1, open), get(3, 4), get(5, 6, "1")}, true},
		{"no answer, and gone again", []porcupine.Operation{put("1", 1, open), get(3, 4, "1"), get(5, 6)}, false},
		{"what nobody wrote", []porcupine.Operation{get(3, 4, "1")}, false},
	} {
		if got := porcupine.CheckOperations(room, c.history); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
