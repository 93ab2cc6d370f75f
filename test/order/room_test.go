package order_test

import (
	"hash/fnv"

	"github.com/anishathalye/porcupine"
)

// A post adds one text to a room.
type post struct {
	room, text string
}

// posted is the answer to a post. Without an id there was none: it may have been
// stored at any time since it was sent, or not at all.
type posted struct {
	id string
}

// A read asks for all texts of a room.
type read struct {
	room string
	how  way
}

// shown is what a read has shown.
type shown struct {
	texts int
	sum   uint64 // of the texts in their order
	last  string // id of the last one
}

// list is a room at one moment.
type list struct {
	shown
}

// with is the list with one more text. The id of a post without an answer is not
// known: then the last one that is known stays.
func (l list) with(text, id string) list {
	l.texts++
	l.sum = chain(l.sum, text)
	if id != "" {
		l.last = id
	}
	return l
}

// chain adds a text to the sum of those before it.
func chain(sum uint64, text string) uint64 {
	h := fnv.New64a()
	var before [8]byte
	for i := range before {
		before[i] = byte(sum >> (8 * i))
	}
	_, _ = h.Write(before[:])
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}

// room is the model of one room.
var room = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		var rooms [][]porcupine.Operation
		number := map[string]int{}
		for _, o := range history {
			id := roomOf(o)
			n, ok := number[id]
			if !ok {
				n = len(rooms)
				number[id] = n
				rooms = append(rooms, nil)
			}
			rooms[n] = append(rooms[n], o)
		}
		return rooms
	},
	Init: func() any { return list{} },
	Step: func(state, input, output any) (bool, any) {
		l := state.(list)
		switch in := input.(type) {
		case post:
			id := output.(posted).id
			if id != "" && id <= l.last {
				return false, l
			}
			return true, l.with(in.text, id)
		default:
			out := output.(shown)
			return out.texts == l.texts && out.sum == l.sum && out.last >= l.last, l
		}
	},
}

func roomOf(o porcupine.Operation) string {
	if p, ok := o.Input.(post); ok {
		return p.room
	}
	return o.Input.(read).room
}
