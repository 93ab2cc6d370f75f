package rest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// log serves a page of the log of a room. With wait, an empty page is only
// answered once that time has passed, or the server drains.
func (a *api) log(w http.ResponseWriter, r *http.Request, grant *transport.Grant) error {
	query := r.URL.Query()
	n, err := limit(query)
	if err != nil {
		return err
	}
	after := chat.Start
	if s := query.Get("after"); s != "" {
		if after, err = transport.ParseCursor(s).Position(); err != nil {
			return err
		}
	}
	wait, err := a.wait(query)
	if err != nil {
		return err
	}
	if store := query.Get("store"); store != "" && store != a.chat.StoreID() {
		return transport.Errorf(chat.ErrCursorAhead, "the cursor is of another store than %s", a.chat.StoreID())
	}
	id := r.PathValue("room")
	if err := a.gate.Allow(grant, transport.Read, id); err != nil {
		return err
	}
	page, err := a.chat.Room(id).Log(r.Context(), grant.User.ID, after, n)
	if err == nil && len(page.Events) == 0 && wait > 0 {
		release, full := a.gate.Connect(grant) // one that waits costs what a stream costs
		if full != nil {
			return full
		}
		defer release()
		if page, err = a.poll(w, r, grant, page.Next, n, wait); err == nil {
			err = a.gate.Allow(grant, transport.Read, id) // as it is now, not as it was
		}
	}
	if err != nil {
		return transport.RoomError(err, id)
	}
	transport.Answer(w, http.StatusOK, page)
	return nil
}

// poll waits until there is something after the cursor, and returns it.
func (a *api) poll(w http.ResponseWriter, r *http.Request, grant *transport.Grant, after chat.ID, n int, wait time.Duration) (chat.LogPage, error) {
	if left, ends := a.gate.UntilExpiry(grant); ends {
		wait = min(wait, left)
	}
	// The host's timeouts count from the request, and what is written here is
	// written later. A writer that has no deadlines needs none.
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{})
	_ = rc.SetWriteDeadline(time.Now().Add(wait + a.gate.Options().WriteTimeout))

	id := r.PathValue("room")
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	bell := chat.NewBell()
	sub, err := a.chat.Subscribe(after, bell, id) // listen first, then look
	if err != nil {
		return chat.LogPage{}, err
	}
	defer sub.Close()
	for {
		page, err := a.chat.Room(id).Log(r.Context(), grant.User.ID, after, n)
		if err != nil || len(page.Events) > 0 {
			return page, err
		}
		select {
		case <-bell.C:
		case <-ctx.Done():
			return page, r.Context().Err()
		case <-a.chat.Draining():
			return page, nil
		}
	}
}

// wait reads the parameter of that name, such as 20s or 20, cut to the most
// that is allowed.
func (a *api) wait(query url.Values) (time.Duration, error) {
	s := query.Get("wait")
	if s == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		s = strconv.FormatUint(n, 10) + "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, transport.Errorf(chat.ErrInvalidField, "wait is %.100q, not a time such as 20s", s)
	}
	return min(d, a.gate.Options().MaxWait), nil
}
