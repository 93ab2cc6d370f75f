// Package panics says what a log may hold of a panic.
package panics

import (
	"fmt"
	"runtime"
)

// Text describes the value of a panic without what users wrote: the words of
// the runtime, such as "index out of range", which hold numbers and types, and of
// any other value its type. Hooks panic with the text that they were given. nil
// is what recover returns after runtime.Goexit.
func Text(p any) string {
	switch p := p.(type) {
	case nil:
		return "runtime.Goexit was called"
	case runtime.Error:
		return p.Error()
	}
	return fmt.Sprintf("a value of type %T", p)
}
