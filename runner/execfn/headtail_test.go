package execfn

import (
	"fmt"
	"strings"
	"testing"
)

func TestHeadTail(t *testing.T) {
	text := "0123456789abcdefghij"
	cases := map[int]string{
		40: text, 20: text, 10: "01234\n[... 10 bytes dropped ...]\nfghij",
		3: "0\n[... 17 bytes dropped ...]\nij", 1: "\n[... 19 bytes dropped ...]\nj",
	}
	for max, want := range cases {
		for _, chunk := range []int{1, 3, 7, 20} {
			h := headTail{max: max}
			for rest := text; rest != ""; {
				n := min(chunk, len(rest))
				if wrote, err := fmt.Fprint(&h, rest[:n]); wrote != n || err != nil {
					t.Fatalf("Write: %d, %v", wrote, err)
				}
				rest = rest[n:]
			}
			if got := h.String(); got != want {
				t.Errorf("max %d in chunks of %d: %q, want %q", max, chunk, got, want)
			}
		}
	}
}

func TestHeadTailKeepsItsMemorySmall(t *testing.T) {
	h := headTail{max: 100}
	for range 1000 {
		_, _ = h.Write([]byte(strings.Repeat("x", 1000)))
	}
	if len(h.head)+len(h.tail) != 100 || h.lost != 1000*1000-100 {
		t.Errorf("kept %d, lost %d", len(h.head)+len(h.tail), h.lost)
	}
}
