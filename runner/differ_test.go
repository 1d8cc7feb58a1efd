package runner

import (
	"hash/maphash"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
)

func TestDifferIsSure(t *testing.T) {
	d := differ{seed: maphash.MakeSeed()}
	cases := map[string]struct {
		reason, a, b string
		want         bool
	}{
		"other text":     {"a text that is not in the other", `{"a":"x"}`, `{"a":"y"}`, true},
		"other key":      {"a key that is not in the other", `{"a":"x"}`, `{"a":"x","b":1}`, true},
		"other escape":   {"an escape that means something else", `{"a":"\u003c"}`, `{"a":">"}`, true},
		"order":          {"keys may stand in any order", `{"a":"x","b":"y"}`, `{ "b":"y", "a":"x" }`, false},
		"same escape":    {"two ways to write one text", `{"a":"<\n\u00e9/\t"}`, "{\"a\":\"\\u003c\\u000aé\\/\\u0009\"}", false},
		"numbers":        {"numbers are left to Equal", `{"a":1}`, `{"a":2}`, false},
		"swapped values": {"the same texts in other places are left to Equal", `{"a":"b"}`, `{"b":"a"}`, false},
		"pair":           {"pairs are left to Equal", `{"a":"\ud83d\ude00"}`, `{"a":"x"}`, false},
		"no UTF-8":       {"broken text is left to Equal", "{\"a\":\"\xff\"}", `{"a":"x"}`, false},
		"no JSON":        {"broken JSON is left to Equal", `{"a":"x`, `{"a":"y"}`, false},
	}
	for name, tc := range cases {
		if got := d.surely([]byte(tc.a), []byte(tc.b)); got != tc.want {
			t.Errorf("%s: %s: surely(%s, %s) = %v", name, tc.reason, tc.a, tc.b, got)
		}
	}
}

// FuzzDiffer: what differ is sure of, Equal must say too.
func FuzzDiffer(f *testing.F) {
	const head = `{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"d":`
	f.Add(`{"a":"\u003c"}`, `{"a":"<"}`)
	f.Add(`["\ud83d\ude00", 1]`, `["😀",1.0]`)
	f.Add(`"\/"`, `"/"`)
	f.Add("\"\xff\"", `"\ufffd"`)
	f.Fuzz(func(t *testing.T, a, b string) {
		itA, errA := krm.NewItem([]byte(head + a + "}"))
		itB, errB := krm.NewItem([]byte(head + b + "}"))
		if errA != nil || errB != nil {
			return
		}
		d := differ{seed: maphash.MakeSeed()}
		if d.surely(itA.Raw(), itB.Raw()) && itA.Equal(itB) {
			t.Errorf("surely different, but equal: %s, %s", a, b)
		}
		again, err := krm.FromObject(itA.Object())
		if err != nil {
			return // a number that JSON can hold and Go cannot
		}
		if d.surely(itA.Raw(), again.Raw()) && itA.Equal(again) {
			t.Errorf("surely different from itself: %s, %s", itA.Raw(), again.Raw())
		}
	})
}
