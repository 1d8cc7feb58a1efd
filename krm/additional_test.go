package krm

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAdditionalItem(t *testing.T) {
	for text, tc := range map[string]struct {
		reason string
		want   AdditionalItem
		wrong  bool
	}{
		"securitycontextconstraints.security.openshift.io/anyuid": {
			reason: "of the cluster", want: AdditionalItem{Group: "security.openshift.io", Resource: "securitycontextconstraints", Name: "anyuid"},
		},
		"secrets/shop/web": {
			reason: "of the core group, in a namespace", want: AdditionalItem{Resource: "secrets", Namespace: "shop", Name: "web"},
		},
		"deployments.apps/shop/web": {
			reason: "both", want: AdditionalItem{Group: "apps", Resource: "deployments", Namespace: "shop", Name: "web"},
		},
		"clusterroles.rbac.authorization.k8s.io/system:a, b": {
			reason: "names of RBAC are free", want: AdditionalItem{Group: "rbac.authorization.k8s.io", Resource: "clusterroles", Name: "system:a, b"},
		},
		"":                         {reason: "empty", wrong: true},
		"anyuid":                   {reason: "a name alone", wrong: true},
		"a/b/c/d":                  {reason: "too many parts", wrong: true},
		"Secret/shop/web":          {reason: "a kind", wrong: true},
		"secrets//web":             {reason: "an empty namespace", wrong: true},
		"secrets/shop/":            {reason: "no name", wrong: true},
		"secrets/Shop/web":         {reason: "no namespace", wrong: true},
		"secrets/shop/..":          {reason: "a path", wrong: true},
		"secrets/shop/a%2f":        {reason: "no name of a path segment", wrong: true},
		"secrets/shop/a\nb":        {reason: "it goes to logs", wrong: true},
		"secrets/shop/a\xffb":      {reason: "no text", wrong: true},
		"deployments.apps./shop/a": {reason: "a group that ends in a dot", wrong: true},
		"deployments./shop/a":      {reason: "a dot without a group", wrong: true},
		" secrets/shop/a":          {reason: "a blank", wrong: true},
		"/shop/web":                {reason: "no resource", wrong: true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := ParseAdditionalItem(text)
			if tc.wrong != errors.Is(err, ErrAdditionalItem) || tc.wrong != (err != nil) {
				t.Fatalf("%q: %v", text, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", text, diff)
			}
			if err == nil && got.String() != text {
				t.Errorf("%q is written as %q", text, got)
			}
		})
	}
}

func FuzzParseAdditionalItem(f *testing.F) {
	f.Add("secrets/shop/web")
	f.Add("securitycontextconstraints.security.openshift.io/anyuid")
	f.Add("secrets./shop/web")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAdditionalItem(text)
		if err != nil {
			return
		}
		if a.String() != text {
			t.Errorf("%q is written as %q", text, a)
		}
		if err := a.Check(); err != nil {
			t.Error(err)
		}
	})
}

// TestAdditionalItemOnTheWire takes what results ask for through JSON and YAML.
func TestAdditionalItemOnTheWire(t *testing.T) {
	want := AdditionalItem{Group: "security.openshift.io", Resource: "securitycontextconstraints", Name: "anyuid"}
	list := &ResourceList{Results: []Result{{
		Message: "m", Severity: Info, ResourceRef: &ResourceRef{APIVersion: "v1", Kind: "ServiceAccount", Name: "web", Namespace: "shop"},
		Tags: map[string]string{AdditionalItemTag: want.String()},
	}}}
	yaml := `apiVersion: config.kubernetes.io/v1
kind: ResourceList
items: []
results:
- message: m
  resourceRef: {apiVersion: v1, kind: ServiceAccount, name: web, namespace: shop}
  tags:
    velero-krm.io/additional-item: securitycontextconstraints.security.openshift.io/anyuid
`
	for name, text := range map[string][]byte{"JSON": AppendResourceList(nil, list), "YAML": []byte(yaml)} {
		got, err := Decode(bytes.Clone(text), DecodeOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		item, asks, err := got.Results[0].AdditionalItem()
		if err != nil || !asks || item != want {
			t.Errorf("%s: got %v, %v, %v", name, item, asks, err)
		}
	}
}

func TestResultAsksForAdditionalItem(t *testing.T) {
	ref := &ResourceRef{APIVersion: "v1", Kind: "ServiceAccount", Name: "web"}
	for name, tc := range map[string]struct {
		reason string
		result Result
		asks   bool
		wrong  bool
	}{
		"Plain":     {"most results ask for nothing", Result{Message: "m", Tags: map[string]string{"a": "b"}}, false, false},
		"Asks":      {"the form", Result{ResourceRef: ref, Tags: map[string]string{AdditionalItemTag: "secrets/shop/web"}}, true, false},
		"Malformed": {"no form", Result{ResourceRef: ref, Tags: map[string]string{AdditionalItemTag: "web"}}, true, true},
		"NoObject":  {"it goes with nothing", Result{Tags: map[string]string{AdditionalItemTag: "secrets/shop/web"}}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, asks, err := tc.result.AdditionalItem()
			if asks != tc.asks || tc.wrong != errors.Is(err, ErrAdditionalItem) || tc.wrong != (err != nil) {
				t.Errorf("%s: asks %v, %v", tc.reason, asks, err)
			}
		})
	}
}
