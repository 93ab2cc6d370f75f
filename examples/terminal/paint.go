package main

import (
	"hash/fnv"
	"os"
	"strconv"
)

// paint colours texts, or leaves them as they are.
type paint bool

// wantsColour reports whether the user has not said otherwise: see no-color.org.
func wantsColour() paint { return os.Getenv("NO_COLOR") == "" }

func (p paint) in(code, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p paint) dim(text string) string    { return p.in("2", text) }
func (p paint) bold(text string) string   { return p.in("1", text) }
func (p paint) notice(text string) string { return p.in("33", text) } // yellow

// name colours a name by who it is of, so that it stays when the name changes.
func (p paint) name(id, name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	colours := []int{31, 32, 34, 35, 36, 91, 92, 94, 95, 96}
	return p.in("1;"+strconv.Itoa(colours[h.Sum32()%uint32(len(colours))]), name)
}
