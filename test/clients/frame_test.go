package clients_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// saying is something that the server says of a room, or of the list of rooms, in
// the forms of both transports.
type saying struct {
	socket []string // frames
	stream string   // with all blank lines
}

func sse(name, id string, data string) string {
	var b strings.Builder
	if name != "" {
		b.WriteString("event: " + name + "\n")
	}
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	return b.String() + "data: " + data + "\n\n"
}

// event is an event: a message of Bob's with a text, or with what JSON says
// otherwise.
func event(room string, n int, what string) string {
	e := map[string]any{
		"id": id(n), "room": room, "type": "MessagePosted", "at": "2026-01-02T12:00:00.000Z",
		"user": map[string]any{"id": "bob", "name": "Bob"}, "data": map[string]any{"text": what},
	}
	if strings.HasPrefix(what, "{") {
		var other map[string]any
		if err := json.Unmarshal([]byte(what), &other); err != nil {
			panic(what + ": " + err.Error())
		}
		maps.Copy(e, other)
	}
	b, _ := json.Marshal(e)
	return string(b)
}

// events is one frame of a socket, many of a stream.
func events(room string, list ...string) (s saying) {
	for _, e := range list {
		var named struct{ ID string }
		_ = json.Unmarshal([]byte(e), &named)
		s.stream += sse("", named.ID, e)
	}
	s.socket = []string{fmt.Sprintf(`{"room":%q,"events":[%s]}`, room, strings.Join(list, ","))}
	return s
}

// among puts the name of the room into data.
func among(room, data string) string {
	if data == "{}" {
		return fmt.Sprintf(`{"room":%q}`, room)
	}
	return fmt.Sprintf(`{"room":%q,%s`, room, data[1:])
}

// say makes what a step says of a room. The head is the newest id of the room.
func say(room string, words []string) (s saying, err error) {
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch arg(0) {
	case "event":
		return events(room, event(room, number(arg(1)), arg(2))), nil
	case "events": // 2,3,7..9: texts are m2, m3, …
		var list []string
		for _, part := range strings.Split(arg(1), ",") {
			from, to, ranged := strings.Cut(part, "..")
			if !ranged {
				to = from
			}
			for n := number(from); n <= number(to); n++ {
				list = append(list, event(room, n, "m"+strconv.Itoa(n)))
			}
		}
		return events(room, list...), nil
	case "long": // an event with so many characters of three bytes
		return events(room, event(room, number(arg(1)), strings.Repeat("€", number(arg(2))))), nil
	case "live":
		at := id(number(arg(1)))
		return saying{[]string{fmt.Sprintf(`{"room":%q,"live":%q}`, room, at)}, sse("chat.live", "", `{"cursor":"`+at+`"}`)}, nil
	case "reset": // reason, head
		data := fmt.Sprintf(`{"reason":%q,"floor":%q,"head":%q}`, arg(1), id(0), id(number(arg(2))))
		return saying{[]string{fmt.Sprintf(`{"room":%q,"reset":%s}`, room, data)}, sse("chat.reset", "", among(room, data))}, nil
	case "end":
		data := fmt.Sprintf(`{"reason":%q}`, arg(1))
		return saying{[]string{fmt.Sprintf(`{"room":%q,"end":%s}`, room, data)}, sse("chat.end", "", among(room, data))}, nil
	case "end-alone": // as on a stream of one room
		s, err = say(room, []string{"end", arg(1)})
		s.stream = sse("chat.end", "", fmt.Sprintf(`{"reason":%q}`, arg(1)))
		return s, err
	case "signal": // kind, data
		kind, data := arg(1), arg(2)
		s.socket = []string{fmt.Sprintf(`{"room":%q,"signal":%q,"data":%s}`, room, kind, data)}
		if strings.HasPrefix(kind, "x.") || kind == "cleared" {
			s.stream = sse("chat.signal", "", among(room, fmt.Sprintf(`{"signal":%q,`, kind)+data[1:]))
			s.stream = strings.Replace(s.stream, ",}", "}", 1)
		} else {
			s.stream = sse("chat."+kind, "", among(room, data))
		}
		return s, nil
	case "frame": // one that nobody knows: name, data
		return saying{[]string{fmt.Sprintf(`{"room":%q,%q:%s}`, room, arg(1), arg(2))}, sse("chat."+arg(1), "", among(room, arg(2)))}, nil
	case "rooms":
		return saying{[]string{`{"signal":"rooms","data":` + arg(1) + `}`}, sse("chat.rooms", "", arg(1))}, nil
	case "raw": // the bytes themselves
		return saying{[]string{arg(1)}, arg(1)}, nil
	case "golden": // frames of the server's golden files: name, from, to
		return golden(arg(1), number(arg(2)), number(arg(3)))
	}
	return s, fmt.Errorf("nobody says %q", words)
}

const goldenFiles = "../../transport/testdata/golden/"

var (
	goldenID    = regexp.MustCompile(`<id (\d+)>`)
	goldenHead  = regexp.MustCompile(`"head":"<id \d+>"`)
	goldenStore = strings.NewReplacer("<store>", "store-a", "<1000 to 4999>", "20")
)

// golden returns frames from one to another, counted from 1, of the file for a
// socket and that for a stream; what the ids are called rises as they come.
func golden(name string, from, to int) (s saying, err error) {
	for _, kind := range []string{"ws-", "sse-"} {
		frames, err := goldenFrames(kind + name)
		if err != nil {
			return s, err
		}
		last := to
		if last == 0 {
			last = len(frames)
		}
		if from < 1 || from > last || last > len(frames) {
			continue // the other transport has more
		}
		for _, frame := range frames[from-1 : last] {
			if kind == "ws-" {
				s.socket = append(s.socket, frame)
			} else {
				s.stream += frame + "\n\n"
			}
		}
	}
	return s, nil
}

func goldenFrames(name string) ([]string, error) {
	b, err := os.ReadFile(goldenFiles + name + ".txt")
	if err != nil {
		return nil, err
	}
	text := goldenStore.Replace(strings.TrimSpace(string(b)))
	names := map[string]string{}
	for _, m := range goldenID.FindAllString(goldenHead.ReplaceAllString(text, ""), -1) {
		if names[m] == "" {
			names[m] = id(len(names) + 1)
		}
	}
	text = goldenID.ReplaceAllStringFunc(text, func(m string) string { return names[m] })
	if strings.HasPrefix(name, "sse-") {
		return strings.Split(text, "\n\n"), nil
	}
	frames := strings.Split(text, "\n")
	for i := range frames {
		frames[i] = strings.TrimPrefix(frames[i], "S ")
	}
	return frames, nil
}

// goldenEvents returns the events of a file for a stream.
func goldenEvents(name string) (list []string, err error) {
	frames, err := goldenFrames("sse-" + name)
	for _, frame := range frames {
		if id, data, ok := strings.Cut(frame, "\ndata: "); ok && strings.HasPrefix(id, "id: ") && !strings.Contains(id, "event:") {
			list = append(list, data)
		}
	}
	return list, err
}
