package testkit

// Race reports whether the race detector looks on.
const Race = race
