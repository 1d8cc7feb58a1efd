package expect_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/internal/expect"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

const object = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},` +
	`"spec":{"list":["a","b"],"volumes":[{"name":"data"},{"name":"conf"},{"name":"tmp"}]}}`

func TestAfter(t *testing.T) {
	cases := map[string]struct {
		reason, effects, want, wantErr string
	}{
		"NoEffect": {reason: "what nothing names stays", effects: "[]", want: object},
		"OtherPhase": {
			reason: "the backup comes before", effects: "[{action: a, phase: Backup, gone: true}]", want: object,
		},
		"Gone": {reason: "it is not restored", effects: "[{action: a, phase: Restore, gone: true}]"},
		"SetAndRemove": {
			reason: "every form of a path; what is removed shifts no index",
			effects: `[{action: a, phase: Restore, fields: {
				'metadata.annotations["a.b/c"]': "1", spec.deep.new: x, "spec.list[1]": B,
				"spec.volumes[name=data]": null, "spec.volumes[name=conf].size": 2, "spec.volumes[2].name": t,
				spec.none.at.all: null, "spec.volumes[name=none]": null}}]`,
			want: `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a.b/c":"1"},"name":"web","namespace":"shop"},` +
				`"spec":{"deep":{"new":"x"},"list":["a","B"],"volumes":[{"name":"conf","size":2},{"name":"t"}]}}`,
		},
		"NoElement": {
			reason: "a typing error must not pass", effects: `[{action: a, phase: Restore, fields: {"spec.list[7]": x}}]`,
			wantErr: "there is no element [7]",
		},
		"BadPath": {
			reason: "the same", effects: `[{action: a, phase: Restore, fields: {"spec[": x}}]`, wantErr: "not understood",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			table, err := expect.Read(strings.NewReader("- {object: Pod shop/web, effects: " + tc.effects + "}"))
			if err != nil {
				t.Fatal(err)
			}
			after, err := table["Pod shop/web"].After(pipeline.Restore, item(t, object))
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("%s: want %q in the error, got %v", tc.reason, tc.wantErr, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fields(t, tc.want), content(after)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"- {object: A}\n- {object: A}":           "A is there twice",
		"- {object: A, efects: []}":              "efects",
		"- {object: A, effects: [{fields: []}]}": "decode expectations",
	} {
		if _, err := expect.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q in the error, got %v", text, want, err)
		}
	}
}

func item(t *testing.T, text string) *krm.Item {
	t.Helper()
	items, err := krm.ReadItems(strings.NewReader(text), "test")
	if err != nil {
		t.Fatal(err)
	}
	return items[0]
}

func fields(t *testing.T, text string) map[string]any {
	t.Helper()
	if text == "" {
		return nil
	}
	return item(t, text).Object()
}

func content(item *krm.Item) map[string]any {
	if item == nil {
		return nil
	}
	return item.Object()
}
