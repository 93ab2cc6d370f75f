package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/roomlog/chat"
)

// Refusals that only a transport gives. They are compared like those of
// package chat: by code, with errors.Is.
var (
	ErrMalformedJSON        = &chat.Error{Code: "malformed_json"}
	ErrUnauthenticated      = &chat.Error{Code: "unauthenticated"}
	ErrCrossOrigin          = &chat.Error{Code: "cross_origin"}
	ErrInvalidCursor        = &chat.Error{Code: "invalid_cursor"}
	ErrUnsupportedMediaType = &chat.Error{Code: "unsupported_media_type"}
	ErrBodyTooLarge         = &chat.Error{Code: "body_too_large"}
	ErrRateLimited          = chat.ErrRateLimited
	ErrTooManyConnections   = &chat.Error{Code: "too_many_connections"}
	ErrStreamingUnsupported = &chat.Error{Code: "streaming_unsupported"}
	ErrNotAcceptable        = &chat.Error{Code: "not_acceptable"}
	ErrNotFound             = &chat.Error{Code: "not_found"}
	ErrMethodNotAllowed     = &chat.Error{Code: "method_not_allowed"}
	ErrAlreadySubscribed    = &chat.Error{Code: "already_subscribed"}
)

// Errorf returns an error of the same code as of, with a detail for people.
func Errorf(of *chat.Error, format string, args ...any) *chat.Error {
	return &chat.Error{Code: of.Code, Detail: fmt.Sprintf(format, args...)}
}

// Problem is a refusal as it goes over the wire: RFC 9457.
type Problem struct {
	Type   string `json:"type"` // a URN that ends in Code
	Code   string `json:"code"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`

	// RetryAfter is after how many seconds it may be worth trying again. Over
	// HTTP the header of that name says so too. 0 leaves both out.
	RetryAfter int `json:"retry_after,omitempty"`
	// Reason is the host's own code for what its hook rejected.
	Reason string `json:"reason,omitempty"`
}

// kinds holds the status and the title of every code there is.
var kinds = map[string]struct {
	status int
	title  string
}{
	"malformed_json":          {400, "The body is not JSON"},
	"invalid_field":           {400, "A field or parameter is not as it must be"},
	"invalid_utf8":            {400, "The text is not valid UTF-8"},
	"invalid_room_id":         {400, "The room id is not valid"},
	"invalid_cursor":          {400, "The cursor is not valid"},
	"idempotency_key_invalid": {400, "The idempotency key is not valid"},
	"unauthenticated":         {401, "Credentials are missing or not valid"},
	"forbidden":               {403, "You may not do this"},
	"cross_origin":            {403, "The request comes from another site"},
	"room_not_found":          {404, "There is no such room"},
	"message_not_found":       {404, "There is no such message"},
	"not_found":               {404, "There is nothing at this path"},
	"method_not_allowed":      {405, "The method is not allowed here"},
	"not_acceptable":          {406, "None of the accepted media types is served here"},
	"room_exists":             {409, "The room exists already"},
	"room_archived":           {409, "The room is archived"},
	"message_deleted":         {409, "The message was deleted"},
	"cursor_ahead":            {409, "The cursor is ahead of this store"},
	"already_subscribed":      {409, "The socket is subscribed to the room already"},
	"forbidden_last_owner":    {409, "The last owner must hand the room on first"},
	"cursor_expired":          {410, "The cursor is older than what is kept"},
	"body_too_large":          {413, "The body is too large"},
	"unsupported_media_type":  {415, "The body must be application/json"},
	"empty_message":           {422, "The message is empty"},
	"message_too_long":        {422, "The message is too long"},
	"control_character":       {422, "The text holds a control character"},
	"invalid_reaction":        {422, "The reaction is not valid"},
	"idempotency_key_reused":  {422, "The idempotency key was used for something else"},
	"rejected":                {422, "The message was rejected"},
	"rate_limited":            {429, "Too many requests"},
	"too_many_connections":    {429, "Too many connections"},
	"internal":                {500, "Something went wrong on the server"},
	"streaming_unsupported":   {500, "The server cannot stream here"},
	"store_failed":            {503, "The store does not take writes"},
	"commit_unknown":          {503, "It is not known whether this was stored"},
	"shutting_down":           {503, "The server is shutting down"},
	"storage_full":            {507, "The storage is full"},
}

// ProblemOf returns the problem that tells of err: err itself if it is one,
// that of its code if it is a *chat.Error, and "internal" for all else. What
// went wrong inside the server stays there: from status 500 on a problem has no
// detail.
func ProblemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	code, detail := chat.ErrInternal.Code, ""
	var e *chat.Error
	switch {
	case errors.As(err, &e):
		if _, ok := kinds[e.Code]; ok {
			code, detail = e.Code, e.Detail
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		code = chat.ErrShuttingDown.Code // it was withdrawn before it was taken
	}
	kind := kinds[code]
	p = &Problem{
		Type: "urn:chat:problem:" + code, Code: code, Title: kind.title,
		Status: kind.status, Detail: detail,
	}
	if p.Status >= 500 {
		p.Detail = ""
	}
	if e != nil && p.Code == e.Code {
		p.Reason, p.RetryAfter = e.Reason, int(math.Ceil(e.RetryAfter.Seconds()))
	}
	if p.RetryAfter > 0 {
		return p
	}
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		p.RetryAfter = 1
	}
	return p
}

// Error returns the code and the detail.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Code
	}
	return p.Code + ": " + p.Detail
}

// ServeHTTP answers with the problem.
func (p *Problem) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers: it cannot
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}
