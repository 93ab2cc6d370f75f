package browser_test

import (
	"os"
	"os/exec"
	"testing"
)

// What is served is what the modules and style sheets give, to the byte.
func TestDist_isOfTheSource(t *testing.T) {
	cmd := exec.Command("go", "run", "./webdist", "-check")
	cmd.Dir = "../../tools"
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
