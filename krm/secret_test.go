package krm

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecretValues(t *testing.T) {
	cases := map[string]struct {
		reason, raw string
		want        []string
	}{
		"Secret": {
			reason: "all but what names and describes it",
			raw:    `{"apiVersion":"v1","kind":"Secret","type":"Opaque","immutable":true,"metadata":{"name":"s","labels":{"l":"no"},"annotations":{"a":"1"}},"data":{"k":"2"},"odd":"3"}`,
			want:   []string{"data k 2", "metadata.annotations a 1", "odd  3"},
		},
		"NoMetadata": {reason: "a functionConfig may lack it", raw: `{"apiVersion":"v1","kind":"Secret","token":"1"}`, want: []string{"token  1"}},
		"Inside": {
			reason: "its holder may have a copy in an annotation",
			raw:    `{"kind":"Template","metadata":{"annotations":{"a":"1"}},"objects":[{"kind":"Secret","metadata":{},"data":{"k":"2"}},{"kind":"A","metadata":{"annotations":{"a":"no"}}}]}`,
			want:   []string{"data k 2", "metadata.annotations a 1"},
		},
		"Reference": {reason: "the name of a Secret is none", raw: `{"kind":"Pod","metadata":{"annotations":{"a":"no"}},"spec":{"kind":"Secret","name":"no"}}`},
		"Other":     {reason: "no Secret", raw: `{"kind":"ConfigMap","data":{"a":"no"}}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			obj := mustItem(t, `{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"v":`+tc.raw+`}`).Object()["v"]
			var got []string
			for _, v := range SecretValues(obj) {
				text, _ := v.Value.(string)
				got = append(got, v.Field+" "+v.Key+" "+text)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestIdentityKey(t *testing.T) {
	a := Identity{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"}
	b := a
	b.APIVersion = "apps/v1beta1"
	if a.Key() != b.Key() || a.Key().Group != "apps" {
		t.Errorf("got %v and %v", a.Key(), b.Key())
	}
	b.APIVersion = "extensions/v1beta1"
	core := Identity{APIVersion: "v1", Kind: "Deployment", Namespace: "shop", Name: "web"}
	if a.Key() == b.Key() || a.Key() == core.Key() || core.Key().Group != "" {
		t.Errorf("got %v, %v and %v", a.Key(), b.Key(), core.Key())
	}
}
