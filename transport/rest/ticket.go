package rest

import (
	"net/http"
	"time"

	"github.com/roomlog/chat/transport"
)

// ticketTime is how times stand on the wire: RFC 3339, UTC, three decimals.
const ticketTime = "2006-01-02T15:04:05.000Z"

// ticket makes a ticket, with which the caller opens one stream or socket where
// they cannot set a header. It is never logged.
func (a *api) ticket(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	body, err := a.gate.ReadOptionalObject(w, r)
	if err != nil {
		return err
	}
	if err := body.Err(); err != nil {
		return err
	}
	ticket, err := a.gate.Ticket(grant)
	if err != nil {
		return err
	}
	transport.Answer(w, http.StatusCreated, struct {
		Ticket  string `json:"ticket"`
		Expires string `json:"expires"`
	}{ticket.Text, ticket.Expires.Truncate(time.Millisecond).UTC().Format(ticketTime)})
	return nil
}
