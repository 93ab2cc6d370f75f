package client

import (
	"encoding/json"
	"time"
)

// Signal is something that is so just now and that no log keeps: a Typing, a
// Presence, a ReadState, Receipts, a CustomSignal or Cleared.
type Signal interface{ isSignal() }

// Typing is who is typing, oldest first: the whole list.
type Typing struct {
	Users []User `json:"users"`
}

// Presence is who is in a room: always the whole.
type Presence struct {
	Version uint64    `json:"version"`
	Count   int       `json:"count"`             // how many are there
	Users   []Present `json:"users"`             // by id; none where they are more than 100
	Offline []Present `json:"offline,omitempty"` // members who are away; of Room.Presence alone
}

// Present is a user in a Presence.
type Present struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Status   string    `json:"status"` // "online", "away", "busy" or "offline"
	Text     string    `json:"text,omitempty"`
	LastSeen time.Time `json:"last_seen"`
}

// ReadState is how far one has read a room oneself, and what one has not.
type ReadState struct {
	UpTo     ID   `json:"up_to"`  // empty where one has neither joined nor marked
	Unread   int  `json:"unread"` // exact up to 1,000
	More     bool `json:"unread_more,omitempty"`
	Mentions int  `json:"mentions"`
}

// Receipt tells how far somebody has read.
type Receipt struct {
	User User `json:"user"`
	UpTo ID   `json:"up_to"`
}

// Receipts are those of others that have changed.
type Receipts struct {
	List []Receipt `json:"receipts"`
}

// CustomSignal is one of the host's own.
type CustomSignal struct {
	Kind string          // begins with "x."
	User User            `json:"user"`
	Data json.RawMessage `json:"data"` // null: it is over
}

// Cleared says that the custom signals shown so far are void; those that still hold
// follow.
type Cleared struct{}

func (Typing) isSignal()       {}
func (Presence) isSignal()     {}
func (ReadState) isSignal()    {}
func (Receipts) isSignal()     {}
func (CustomSignal) isSignal() {}
func (Cleared) isSignal()      {}
