package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// TestNamesOfObjectsStay: what an object is called is in every message, and a
// hole in it would tell what its Secret holds.
func TestNamesOfObjectsStay(t *testing.T) {
	secret := newItem(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"super-secret-password","namespace":"shop"},"data":{"a":"cGFzc3dvcmQ=","b":"c2VjcmV0"}}`)
	role := newItem(t, `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"system:password"}}`)
	items := []*krm.Item{secret, role}
	for text, want := range map[string]string{
		"Secret shop/super-secret-password: no":                                 "Secret shop/super-secret-password: no",
		"it became Secret shop/super-secret-password.":                          "it became Secret shop/super-secret-password.",
		`"Secret shop/super-secret-password" and`:                               `"Secret shop/super-secret-password" and`,
		"ClusterRole.rbac.authorization.k8s.io system:password: it is password": "ClusterRole.rbac.authorization.k8s.io system:password: it is [redacted]",
		"Secret shop/super-secret-passwords":                                    "Secret shop/super-[redacted]-[redacted]s", // no object is called so
		"Secret other/super-secret-password":                                    "Secret other/super-[redacted]-[redacted]",
		"password":                                                              "[redacted]",
		" ":                                                                     " ",
		"Secret shop/super-secret-password/password":                            "Secret shop/super-[redacted]-[redacted]/[redacted]",
		"[redacted] Secret shop/super-secret-password:":                         "[redacted] Secret shop/super-secret-password:",
	} {
		if diff := cmp.Diff(want, runner.Redact(text, items)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// TestAnEchoThatHoldsANameStaysHidden: what is hidden on both sides of a name is
// a value that has it in the middle.
func TestAnEchoThatHoldsANameStaysHidden(t *testing.T) {
	const value = "user of Secret ns/s is admin"
	items := []*krm.Item{secretOf(t, map[string]string{"k": value})}
	if got := runner.Redact("it says: "+value+"!", items); got != "it says: [redacted]!" {
		t.Errorf("got %q", got)
	}
}

// TestSayingsStay: a function's own words stay whatever Secrets hold, and what
// it filled in does not.
func TestSayingsStay(t *testing.T) {
	tests := map[string]struct {
		reason, value, format, said, want string
	}{
		"a word": {
			reason: "everybody knows the words", value: "values",
			format: "values redacted for good: %d (secrets: %d)", said: "values redacted for good: 4711 (secrets: 3)",
			want: "values redacted for good: 4711 (secrets: 3)",
		},
		"a number": {
			reason: "it counts", value: "4711", format: "values: %d", said: "values: 4711", want: "values: 4711",
		},
		"what is filled in": {
			reason: "it may be an echo", value: "hunter2hunter2",
			format: "moved from %s to %s: %d", said: "moved from hunter2hunter2 to b: 1", want: "moved from [redacted] to b: 1",
		},
		"an echo of the words": {
			reason: "more than the words is hidden", value: "a: 1 moved to b",
			format: "%s moved to %s", said: "a: 1 moved to b moved to c", want: "[redacted]c",
		},
		"a word between blanks": {
			reason: "the blanks are the function's own, and the word is too short to be an echo", value: "lives in shop with",
			format: "changed from %s to %s: %d", said: "changed from shop to store: 1", want: "changed from shop to store: 1",
		},
		"a short value between blanks": {
			reason: "it is the whole value", value: "shop",
			format: "changed from %s to %s: %d", said: "changed from shop to store: 1", want: "changed from [redacted] to store: 1",
		},
		"the blanks around an echo": {
			reason: "they tell nothing", value: "it is hunter2hunter2 now",
			format: "moved from %s to %s: %d", said: "moved from hunter2hunter2 to b: 1", want: "moved from [redacted] to b: 1",
		},
		"an echo with the words in it": {
			reason: "it begins and ends with no blank of a saying", value: "aa to bb",
			format: "moved from %s to %s", said: "moved from c to aa to bb", want: "moved from c to [redacted]",
		},
		"another text": {
			reason: "it is no saying", value: "values", format: "values: %d", said: "values: 1 and values", want: "[redacted]: 1 and [redacted]",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			says := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
				in.Results = []krm.Result{{Message: tc.said}}
				return in, nil
			})
			opts := runner.TransformOptions{Sayings: runner.NewSayings("other %s", tc.format)}
			got := transform(t, says, []*krm.Item{secretOf(t, map[string]string{"k": tc.value})}, opts).Results[0].Message
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// FuzzSayings wants nothing of a value to be left that is not in the format.
func FuzzSayings(f *testing.F) {
	f.Add("hunter2-and-more", "shop", 7)
	f.Add("references moved from", "to", 1)
	f.Add(" to b: 12 (objects: 3) and", "x", 2)
	f.Add("lives in shop with", "shop", 3)
	f.Add("abc to ", " to ", 4)
	f.Add("0       ", "0", 0)
	f.Fuzz(func(t *testing.T, value, other string, n int) {
		if len(strings.TrimSpace(value)) < 2 {
			return // nobody looks for it
		}
		n = max(n, 0)
		message := fmt.Sprintf("references moved from %s to %s: %d (objects: %d)", value, other, n, n)
		says := runner.FunctionFunc(func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
			in.Results = []krm.Result{{Message: message}}
			return in, nil
		})
		opts := runner.TransformOptions{Sayings: runner.NewSayings("references moved from %s to %s: %d (objects: %d)")}
		got := transform(t, says, []*krm.Item{secretOf(t, map[string]string{"k": value})}, opts).Results[0].Message
		public := fmt.Sprintf("references moved from  to : %d (objects: %d) Secret ns/s", n, n)
		for i := 0; i+8 <= len(value); i++ {
			piece := value[i : i+8]
			if strings.TrimSpace(piece) == "" || isMarker(piece) || strings.Contains(public, piece) || strings.Contains(other, piece) {
				continue
			}
			if strings.Contains(got, piece) {
				t.Errorf("%q is left of %q in %q", piece, value, got)
			}
		}
	})
}
