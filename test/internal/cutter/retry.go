package cutter

// retry makes the pause short that an event stream asks its reader to make: 1,000 of
// them would last an hour. All but the third digit of the first retry line become
// zeros: "retry: 2371" is "retry: 0010". As many bytes as before.
type retry struct {
	matched int // bytes of the field's name
	digits  int
	done    bool
}

const retryField = "\nretry: "

func (r *retry) rewrite(p []byte) {
	for i := 0; i < len(p) && !r.done; i++ {
		switch {
		case r.matched < len(retryField):
			if p[i] == retryField[r.matched] {
				r.matched++
			} else if r.matched = 0; p[i] == retryField[0] {
				r.matched = 1
			}
		case p[i] >= '0' && p[i] <= '9':
			p[i] = '0'
			if r.digits == 2 {
				p[i] = '1'
			}
			r.digits++
		default:
			r.done = true
		}
	}
}
