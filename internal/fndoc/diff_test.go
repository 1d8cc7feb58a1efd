package fndoc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

func TestDiffItems(t *testing.T) {
	const a, b, c = "{apiVersion: v1, kind: A, metadata: {name: a}}\n", "{apiVersion: v1, kind: A, metadata: {name: b}}\n", "{apiVersion: v1, kind: A, metadata: {name: c}}\n"
	tests := map[string]struct {
		reason        string
		before, after string
		want          string
	}{
		"changed": {
			reason: "what a line was stands before what it is", before: "{apiVersion: v1, kind: A, metadata: {name: a}, x: 1, w: 2}", after: "{apiVersion: v1, kind: A, metadata: {name: a}, x: 2, z: 3}",
			want: "  apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n- w: 2\n- x: 1\n+ x: 2\n+ z: 3",
		},
		"removed": {
			reason: "an object that went is told from its neighbour", before: a + "---\n" + b, after: b,
			want: "- apiVersion: v1\n- kind: A\n- metadata:\n-   name: a\n  ---\n  apiVersion: v1\n  kind: A\n  metadata:\n    name: b",
		},
		"added": {
			reason: "an object that came stands at the end", before: a, after: b + "---\n" + a,
			want: "  apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n  ---\n+ apiVersion: v1\n+ kind: A\n+ metadata:\n+   name: b",
		},
		"renamed": {
			reason: "as many came as went: these are the same", before: a + "---\n" + b, after: c + "---\n" + b,
			want: "  apiVersion: v1\n  kind: A\n  metadata:\n-   name: a\n+   name: c\n  ---\n  apiVersion: v1\n  kind: A\n  metadata:\n    name: b",
		},
		"nothing": {reason: "no objects, no lines"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := diffItems(items(t, test.before), items(t, test.after))
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, l := range got {
				lines = append(lines, l.String())
			}
			if diff := cmp.Diff(test.want, strings.Join(lines, "\n")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func items(t *testing.T, text string) []*krm.Item {
	t.Helper()
	list, err := krm.ReadItems(strings.NewReader(text), "test")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestStepRefusesWhatIsNoConfig(t *testing.T) {
	for _, text := range []string{"a: [", "[]", "text"} {
		if got, err := step(&Page{Name: "x"}, []byte(text), false); err == nil {
			t.Errorf("step of %q = %q, want an error", text, got)
		}
	}
	got, err := step(&Page{Name: "x"}, []byte("{apiVersion: v1, kind: ConfigMap}"), false)
	if err != nil || got != "mutators:\n- builtin: x\n" {
		t.Errorf("step of a ConfigMap without data = %q, %v", got, err)
	}
}

func TestStepGrants(t *testing.T) {
	needs := fn.Needs{Create: fn.Always, Delete: fn.Always, Rename: "with names", Context: "without names", List: fn.Always}
	const head, tail = "mutators:\n- builtin: x\n  allow: [Create, Delete]\n  # and in allow: Rename   (with names)\n", "  scope: List\n"
	for context, want := range map[bool]string{
		false: head + "  # context: true   (without names)\n" + tail,
		true:  head + "  context: true\n" + tail,
	} {
		got, err := step(&Page{Name: "x", Needs: needs.Grants()}, nil, context)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("step, context %t (-want +got): %v\n%s", context, err, diff)
		}
	}
	got, err := step(&Page{Name: "x", Needs: fn.Needs{Create: "a", Rename: "b"}.Grants()}, nil, false)
	if want := "mutators:\n- builtin: x\n  # allow: [Create]   (a)\n  # and in allow: Rename   (b)\n"; got != want || err != nil {
		t.Errorf("step = %q, %v, want %q", got, err, want)
	}
}
