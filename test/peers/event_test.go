package peers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// event is an event as it was read: its bytes, and what they say.
type event struct {
	ID   string
	Room string
	raw  string
}

func parseEvent(raw string) (event, error) {
	e := event{raw: raw}
	if err := json.Unmarshal([]byte(raw), &e); err != nil {
		return e, fmt.Errorf("event %q: %w", raw, err)
	}
	return e, nil
}

// sameEvents returns how what a reader has got differs from what the log has: the
// first gap, double, event out of order, or event of other bytes.
func sameEvents(got, want []event) error {
	for i, e := range got {
		if i < len(want) && e == want[i] {
			continue
		}
		at := slices.IndexFunc(want, func(w event) bool { return w.ID == e.ID })
		before := slices.IndexFunc(got, func(g event) bool { return g.ID == e.ID })
		switch {
		case at < 0:
			return fmt.Errorf("event %d, %s, is none of the log's: %s", i, e.ID, e.raw)
		case before < i:
			return fmt.Errorf("double: event %d, %s, was event %d before", i, e.ID, before)
		case at == i:
			return fmt.Errorf("event %d, %s, has other bytes:\n%s\n%s", i, e.ID, e.raw, want[i].raw)
		case at < i:
			return fmt.Errorf("order: event %d, %s, should have been event %d", i, e.ID, at)
		}
		return fmt.Errorf("gap: event %d is %s, and %d events before it are missing, the first is %s", i, e.ID, at-i, want[i].ID)
	}
	if missing := len(want) - len(got); missing > 0 {
		return fmt.Errorf("gap: the last %d of %d events are missing, the first is %s", missing, len(want), want[len(got)].ID)
	}
	return nil
}

func TestSameEvents_noticesAnyDifference(t *testing.T) {
	var want []event
	for _, id := range []string{"A", "B", "C", "D"} {
		want = append(want, event{ID: id, Room: "general", raw: `{"id":"` + id + `"}`})
	}
	pick := func(order ...int) (got []event) {
		for _, i := range order {
			got = append(got, want[i])
		}
		return got
	}
	other := slices.Clone(want)
	other[2].raw = `{"id": "C"}`
	foreign := append(slices.Clone(want), event{ID: "E"})
	for _, tt := range []struct {
		name string
		got  []event
		want string // what the difference is called; empty is none
	}{
		{"all", want, ""},
		{"a gap", pick(0, 2, 3), "gap"},
		{"a gap at the beginning", pick(1, 2, 3), "gap"},
		{"a gap at the end", pick(0, 1), "gap"},
		{"nothing", nil, "gap"},
		{"a double", pick(0, 1, 1, 2, 3), "double"},
		{"a double at the end", pick(0, 1, 2, 3, 3), "double"},
		{"all twice", pick(0, 1, 2, 3, 0, 1, 2, 3), "double"},
		{"another order", pick(0, 2, 1, 3), "gap"}, // C comes where B is missing
		{"other bytes", other, "other bytes"},
		{"one that is not in the log", foreign, "none of the log's"},
	} {
		err := sameEvents(tt.got, want)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: the difference is %v", tt.name, err)
		}
	}
}
