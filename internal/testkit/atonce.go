package testkit

import (
	"flag"
	"strconv"
)

// AtOnce lets n parallel tests run at a time, however few processors there are:
// for the TestMain of a package whose parallel tests wait most of the time. The
// flag -parallel overrules it. Fuzzing, which never waits, is left as it is, and so
// are tests under the race detector, which compute far longer than they wait.
func AtOnce(n int) {
	flag.Parse()
	own := !race && flag.Lookup("test.fuzz").Value.String() == ""
	flag.Visit(func(f *flag.Flag) { own = own && f.Name != "test.parallel" })
	if own {
		_ = flag.Set("test.parallel", strconv.Itoa(n)) // a number is never refused
	}
}
