package order_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/roomlog/chat/test/web"
)

// perFile is how many histories share a file.
const perFile = 50

func descending(n []int) []int {
	slices.Sort(n)
	slices.Reverse(n)
	return n
}

// There is one order for each room that explains what every client was answered
// and shown, whichever way it read, through kills and posts without an answer.
func TestRooms_areLinearizable(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rnd := rand.New(rand.NewPCG(*seed, 0))
	var all result
	done, histories := 0, 0
	for done < *operations {
		dir := t.TempDir()
		db := filepath.Join(dir, "chat.db")
		p := web.Start(t, db, "127.0.0.1:0")
		if !p.Ready(t) {
			t.Fatal(p.Said())
		}
		for range perFile {
			if done >= *operations {
				break
			}
			var r result
			r, p = record(t, p, db, histories, rnd)
			if t.Failed() {
				t.FailNow()
			}
			switch verdict, info := porcupine.CheckOperationsVerbose(room, r.operations, time.Minute); verdict {
			case porcupine.Illegal:
				explain(t, r.operations, info)
			case porcupine.Unknown:
				t.Fatalf("history %d of %d operations was not decided within a minute", histories, len(r.operations))
			}
			histories++
			done += len(r.operations)
			all.kills += r.kills
			all.open += r.open
			all.closed += r.closed
			all.dropped += r.dropped
			for w, n := range r.byWay {
				all.byWay[w] += n
			}
		}
		p.Kill()
		<-p.Gone
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d operations in %d histories of %d clients, reads by log %d, history %d, stream %d, socket %d; %d kills, %d posts answered later, %d never, %d reads cut",
		done, histories, clients, all.byWay[byLog], all.byWay[byHistory], all.byWay[byStream], all.byWay[bySocket], all.kills, all.closed, all.open, all.dropped)
	if all.kills < histories/3 || all.closed == 0 || all.open == 0 || slices.Min(all.byWay[:]) < done/20 {
		t.Fatal("void: too little was done to show anything")
	}
}

// explain fails with what no order explains: the operations that are in none of
// the longest partial orders.
func explain(t *testing.T, operations []porcupine.Operation, info porcupine.LinearizationInfo) {
	t.Helper()
	for _, partition := range info.PartialLinearizationsOperations() {
		longest := 0
		for _, order := range partition {
			longest = max(longest, len(order))
		}
		for _, order := range partition {
			if len(order) < longest || longest == 0 {
				continue
			}
			in := map[[2]int64]bool{}
			for _, o := range order {
				in[[2]int64{int64(o.ClientId), o.Call}] = true
			}
			room := roomOf(order[0])
			for _, o := range operations {
				if roomOf(o) == room && !in[[2]int64{int64(o.ClientId), o.Call}] && o.Return <= order[len(order)-1].Return+int64(time.Second) {
					t.Errorf("no order explains %+v of client %d from %v to %v, answered %+v", o.Input, o.ClientId, time.Duration(o.Call), time.Duration(o.Return), o.Output)
					break
				}
			}
		}
	}
	t.Fatal("a history is not linearizable")
}
