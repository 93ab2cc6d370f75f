package testkit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/roomlog/chat/internal/testkit"
)

// Whatever is in a file, and wherever its holes are, the copy has the same bytes
// and the same length.
func TestCopy_isTheSameByteForByte(t *testing.T) {
	const block = 64 << 10
	for name, parts := range map[string]map[int64]int{ // the length of what is written, by where
		"empty":          {},
		"small":          {0: 10},
		"one block":      {0: block},
		"several blocks": {0: 5*block + 7},
		"a hole within":  {0: 100, 50 * block: 3 * block},
		"a hole first":   {9*block + 11: 100},
	} {
		for _, hole := range []int64{0, 1, 16 << 20} { // at the end
			from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
			f, err := os.Create(from)
			if err != nil {
				t.Fatal(err)
			}
			var size int64
			for at, n := range parts {
				if _, err := f.WriteAt(bytes.Repeat([]byte{'x', 0, 'y'}, n/3+1), at); err != nil {
					t.Fatal(err)
				}
				size = max(size, at+int64(n/3+1)*3)
			}
			if err := f.Truncate(size + hole); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, bytes.Repeat([]byte("old"), 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			testkit.Copy(t, from, to)
			want, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, and a hole of %d: %d bytes, want %d, %v", name, hole, len(got), len(want), err)
			}
		}
	}
}
