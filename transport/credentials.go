package transport

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// minCredential is how many bytes a credential has at least: what is shorter
// could be guessed, and stands in many a sentence.
const minCredential = 4

// withoutCredentials returns what the error of an Auth says, for the log. Such
// errors quote what they were given: for what the Authorization header, the
// cookies and the query of the request hold stands an ellipsis, whether it is
// quoted, escaped for a URL or as it is.
func withoutCredentials(r *http.Request, err error) string {
	given := slices.Concat(r.Header["Authorization"], r.Header["Cookie"])
	for _, value := range r.Header["Authorization"] {
		_, token, _ := strings.Cut(value, " ")
		given = append(given, strings.TrimSpace(token))
	}
	for _, cookie := range r.Cookies() {
		given = append(given, cookie.Value)
	}
	if r.URL != nil {
		query, _ := url.ParseQuery(r.URL.RawQuery) // of one that cannot be read, what can
		for _, values := range query {
			given = append(given, values...)
		}
		given = append(given, r.URL.RawQuery)
	}
	var forms []string
	for _, value := range given {
		if len(value) >= minCredential {
			forms = append(forms, value, url.QueryEscape(value), strings.Trim(strconv.Quote(value), `"`))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) }) // a part of one must not hide the rest of it
	text := err.Error()
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, "…")
	}
	return text
}
