package cutter

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// Random returns treatments that cut after so many bytes at the mean, in both directions
// together, by RST or FIN. Some live far longer: a frame of what was missed must come
// through whole at last. A seed of 0 is another one each time; it is logged.
func Random(t testing.TB, seed uint64, mean float64) func() Treatment {
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("the cuts are those of -seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	return func() Treatment {
		left := 1 + int(rng.ExpFloat64()*mean)
		if rng.IntN(4) == 0 {
			left *= 20
		}
		var mu sync.Mutex
		return Treatment{How: Manner(rng.IntN(2)), Keep: func(p []byte, _ bool) int {
			mu.Lock()
			defer mu.Unlock()
			keep := min(len(p), left)
			left -= keep
			return keep
		}}
	}
}
