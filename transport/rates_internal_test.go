package transport

import (
	"strconv"
	"testing"
	"time"
)

func TestRates_holdABoundedNumberOfBuckets(t *testing.T) {
	rs := rates{rate: 0.001, burst: 2}
	now := time.Now()
	for range 3 {
		rs.take("deep in debt", now)
	}
	for i := range 3 * maxBuckets {
		rs.take(strconv.Itoa(i), now)
	}
	if n := len(rs.buckets); n > maxBuckets {
		t.Errorf("there are %d buckets", n)
	}
	if rs.take("deep in debt", now) == 0 {
		t.Error("who had used up a bucket was forgotten before those who had not")
	}
}

func TestRates_forgetFullBuckets(t *testing.T) {
	rs := rates{rate: 1000, burst: 2}
	now := time.Now()
	for i := range 1000 {
		rs.take(strconv.Itoa(i), now)
	}
	for i := range 1000 {
		now = now.Add(time.Second)
		rs.take("later "+strconv.Itoa(i), now)
	}
	if n := len(rs.buckets); n > 2*sampled {
		t.Errorf("there are %d buckets, of which all but one are full", n)
	}
}

func TestRates_chargeWhatIsNotThere(t *testing.T) {
	rs := rates{rate: 10, burst: 5}
	now := time.Now()
	if d := rs.debt("ann", now); d != 0 {
		t.Errorf("a new name is in debt for %s", d)
	}
	rs.charge("ann", 25, now)
	if d := rs.debt("ann", now).Round(time.Millisecond); d != 2*time.Second {
		t.Errorf("20 tokens of 10 a second are paid after %s", d)
	}
	if d := rs.debt("ann", now.Add(2100*time.Millisecond)); d != 0 {
		t.Errorf("what was paid is not: %s", d)
	}
	if d := rs.debt("bob", now); d != 0 {
		t.Errorf("another one is in debt for %s", d)
	}
}
