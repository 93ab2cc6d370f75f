package chat

// User is an actor: who the host says did it, under the name of that moment.
type User struct {
	// ID is 1 to 128 bytes of UTF-8 without "/", "\", control characters and
	// white space, and neither "." nor "..".
	ID string `json:"id"`
	// Name is for display: at most 256 bytes of UTF-8 without control
	// characters. It may be empty.
	Name string `json:"name"`
}

// Limits of what names an actor, in bytes.
const (
	maxUserID   = 128
	maxUserName = 256
)

// check returns why u cannot be an actor, or nil.
func (u User) check() error {
	if err := checkUserID(u.ID); err != nil {
		return err
	}
	return checkUserName(u.Name)
}
