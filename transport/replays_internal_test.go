package transport

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/roomlog/chat"
)

// newTestReplays returns replays of 100 bytes a second and 1,000 at once.
func newTestReplays(pages int) *replays {
	return &replays{
		budget: rates{rate: rate.Limit(100), burst: 1000},
		free:   pages, lines: make(map[string]*line),
	}
}

func newTurn(user string) *turn { return &turn{user: user, bell: chat.NewBell()} }

// rung reports whether the bell of a turn has rung since it was asked last.
func (t *turn) rung() bool {
	select {
	case <-t.bell.C:
		return true
	default:
		return false
	}
}

func mustBegin(t *testing.T, rp *replays, turn *turn) {
	t.Helper()
	if _, ok := rp.begin(turn, time.Now()); !ok {
		t.Fatal("the turn has not come")
	}
}

func mustWait(t *testing.T, rp *replays, turn *turn) {
	t.Helper()
	if wait, ok := rp.begin(turn, time.Now()); ok || wait <= 0 {
		t.Fatalf("the turn has come, or nothing is said of when: %s", wait)
	}
}

func TestReplays_goRoundAmongUsers(t *testing.T) {
	rp := newTestReplays(1)
	first := newTurn("storm")
	mustBegin(t, rp, first)
	var storm []*turn
	for range 200 {
		storm = append(storm, newTurn("storm"))
		mustWait(t, rp, storm[len(storm)-1])
	}
	ann, bob := newTurn("ann"), newTurn("bob")
	mustWait(t, rp, ann)
	mustWait(t, rp, bob)
	var order []string
	rp.read(first, 1, false, time.Now())
	for range 5 {
		for _, turn := range append([]*turn{ann, bob}, storm...) {
			if turn.rung() {
				mustBegin(t, rp, turn)
				order = append(order, turn.user)
				rp.read(turn, 1, false, time.Now())
				break
			}
		}
	}
	if want := []string{"storm", "ann", "bob", "storm", "storm"}; !slices.Equal(order, want) {
		t.Errorf("turns go to %v, not %v", order, want)
	}
}

func TestReplays_readSoManyPagesAtOnce(t *testing.T) {
	rp := newTestReplays(2)
	var turns []*turn
	for i := range 4 {
		turns = append(turns, newTurn(fmt.Sprint(i)))
	}
	mustBegin(t, rp, turns[0])
	mustBegin(t, rp, turns[1])
	mustWait(t, rp, turns[2])
	mustWait(t, rp, turns[3])
	mustWait(t, rp, turns[2]) // to ask twice is no second place
	rp.read(turns[0], 1, false, time.Now())
	mustBegin(t, rp, turns[2])
	mustWait(t, rp, turns[3])
}

func TestReplays_waitForTheBudgetOfTheirUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rp := newTestReplays(4)
		one, two := newTurn("ann"), newTurn("ann")
		mustBegin(t, rp, one)
		rp.read(one, 1200, false, time.Now()) // 2 s more than there is
		mustWait(t, rp, one)
		mustWait(t, rp, two)
		bob := newTurn("bob")
		mustBegin(t, rp, bob) // whose budget is their own
		rp.read(bob, 900, false, time.Now())
		mustBegin(t, rp, bob)
		time.Sleep(1999 * time.Millisecond)
		synctest.Wait()
		if one.rung() || two.rung() {
			t.Error("the bell rings before the budget is back")
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if !one.rung() {
			t.Fatal("the bell of the first does not ring")
		}
		mustBegin(t, rp, one)
		rp.read(one, 100, false, time.Now())
	})
}

func TestReplays_wakeOneAtATimeForABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rp := newTestReplays(1)
		first := newTurn("ann")
		mustBegin(t, rp, first)
		rp.read(first, 1100, false, time.Now())
		var turns []*turn
		for range 50 {
			turns = append(turns, newTurn("ann"))
			mustWait(t, rp, turns[len(turns)-1])
		}
		start := time.Now()
		for i, turn := range turns {
			<-turn.bell.C
			for _, other := range turns[i+1:] {
				if other.rung() {
					t.Fatal("more than one is woken for one page")
				}
			}
			mustBegin(t, rp, turn)
			rp.read(turn, 100, false, time.Now())
		}
		if took := time.Since(start).Round(time.Millisecond); took != 50*time.Second {
			t.Errorf("50 pages of a second each took %s", took)
		}
	})
}

func TestReplays_aTurnThatIsNotTakenGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rp := newTestReplays(1)
		first, stuck, next := newTurn("ann"), newTurn("bob"), newTurn("cy")
		mustBegin(t, rp, first)
		mustWait(t, rp, stuck)
		mustWait(t, rp, next)
		first.since = time.Now()
		rp.read(first, 1, false, time.Now())
		mustWait(t, rp, next)
		next.rung()
		<-next.bell.C
		if took := time.Since(first.since); took > giveTime+writeTime {
			t.Errorf("it goes on after %s", took)
		}
		mustBegin(t, rp, next)
		mustBegin(t, rp, stuck) // it has waited for its page, and gets it
		other := newTurn("dee")
		mustWait(t, rp, other)
		rp.read(next, 1, false, time.Now())
		mustWait(t, rp, other)
		rp.read(stuck, 1, false, time.Now())
		mustBegin(t, rp, other)
	})
}

func TestReplays_endATurnWhenItsPageIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rp := newTestReplays(1)
		quick, stuck := newTurn("ann"), newTurn("bob")
		mustBegin(t, rp, quick)
		mustWait(t, rp, stuck)
		rp.read(quick, 1, true, time.Now())
		mustWait(t, rp, stuck)
		mustWait(t, rp, quick) // it asks for more, so its page is written
		mustBegin(t, rp, stuck)
		start := time.Now()
		rp.read(stuck, 1, true, start)
		mustWait(t, rp, quick)
		quick.rung()
		<-quick.bell.C
		if took := time.Since(start); took != writeTime {
			t.Errorf("a turn waits %s for a socket", took)
		}
		mustBegin(t, rp, quick)
	})
}

func TestReplays_leaveNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rp := newTestReplays(1)
		reading, given, waiting, poor := newTurn("ann"), newTurn("bob"), newTurn("bob"), newTurn("cy")
		mustBegin(t, rp, poor)
		rp.read(poor, 5000, false, time.Now())
		mustWait(t, rp, poor)
		mustBegin(t, rp, reading)
		mustWait(t, rp, given)
		mustWait(t, rp, waiting)
		rp.read(reading, 1, false, time.Now())
		for _, turn := range []*turn{waiting, given, reading, poor, poor} {
			rp.leave(turn, time.Now())
		}
		if rp.free != 1 || len(rp.lines) > 0 || len(rp.ready) > 0 || len(rp.given)+len(rp.writing) > 0 {
			t.Errorf("left are %+v", rp)
		}
		time.Sleep(time.Hour) // no timer finds a line that has gone
		again := newTurn("cy")
		mustBegin(t, rp, again)
	})
}

func TestReplays_ofWhoComesBackAgainAndAgainWaitToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rp := newTestReplays(1)
		pages := 0
		for range 1000 { // every 10 ms a new feed, which reads one page if it may
			turn := newTurn("ann")
			if _, ok := rp.begin(turn, time.Now()); ok {
				pages++
				rp.read(turn, 100, false, time.Now())
			}
			rp.leave(turn, time.Now())
			time.Sleep(10 * time.Millisecond)
		}
		if pages > 10+11 { // the burst, and 100 bytes a second for 10 s
			t.Errorf("%d pages were read", pages)
		}
	})
}

func TestReplays_areLiftedByNoLimits(t *testing.T) {
	o := (&Options{NoLimits: true, ReplayPages: 1}).withDefaults()
	for range 10 {
		mustBegin(t, o.replays, newTurn("ann"))
	}
}
