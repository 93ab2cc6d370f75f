package js_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/roomlog/chat/test/internal/node"
)

// What the client does by itself is tested where it is: js/test/*.test.mjs.
func TestUnits_pass(t *testing.T) {
	flags := node.Flags(t)
	files, err := filepath.Glob("../../js/test/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no units: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if out, err := exec.CommandContext(t.Context(), "node", append(flags[:len(flags):len(flags)], file)...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
