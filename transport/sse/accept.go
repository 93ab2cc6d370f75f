package sse

import (
	"net/http"
	"strings"
)

// contentType is the media type of an event stream.
const contentType = "text/event-stream"

// ranges are the media ranges that an event stream falls under, from the least
// specific to the most.
var ranges = [...]string{"*/*", "text/*", contentType}

// accepted reports whether the Accept header lets an event stream through. The
// most specific range that fits decides (RFC 9110, 12.5.1); a header that says
// nothing lets through anything.
func accepted(h http.Header) bool {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.Trim(accept, " \t,") == "" {
		return true
	}
	best, ok := -1, false
	for part := range strings.SplitSeq(accept, ",") {
		kind, params, _ := strings.Cut(part, ";")
		kind = strings.TrimSpace(kind)
		for i, r := range ranges {
			if i < best || !strings.EqualFold(kind, r) {
				continue
			}
			ok = !zeroQuality(params) || ok && i == best
			best = i
		}
	}
	return ok
}

// zeroQuality reports whether the parameters of a media range refuse it.
func zeroQuality(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") {
			return strings.Trim(value, "0.") == ""
		}
	}
	return false
}
