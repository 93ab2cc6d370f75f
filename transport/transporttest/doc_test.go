package transporttest_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/roomlog/chat/transport/transporttest"
)

func TestThePackageComment_statesEveryObligation(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var stated []string
	for _, m := range regexp.MustCompile(`(?m)^//   - (\w+): `).FindAllSubmatch(text, -1) {
		stated = append(stated, string(m[1]))
	}
	if checked := transporttest.Obligations(); !slices.Equal(stated, checked) {
		t.Errorf("the package comment states\n%q\nand the suite checks\n%q", stated, checked)
	}
}
