package moveinternalimages

import (
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
)

func TestMove(t *testing.T) {
	namespaces := map[string]string{"shop": "shop-dr", "openshift": "mine"}
	tests := map[string]string{
		"old:5000/shop/web:1":               "new/shop-dr/web:1",
		"old:5000/shop/web@sha256:ab":       "new/shop-dr/web@sha256:ab",
		"old:5000/shop/a/b":                 "new/shop-dr/a/b",
		"old:5000/other/web:1":              "new/other/web:1",
		"old:5000/openshift/cli@sha256:ab":  "new/openshift/cli",
		"old:5000/openshift/cli:4@sha256:a": "new/openshift/cli:4",
		"old:5000/openshift/cli:4":          "new/mine/cli:4",
		"old:5000/web":                      "new/web",
		"old:50000/shop/web":                "",
		"old/shop/web":                      "",
		"shop/web":                          "",
		"web":                               "",
		"":                                  "",
	}
	for ref, want := range tests {
		if got, ok := move(ref, "old:5000", "new", namespaces); got != want || ok != (want != "") {
			t.Errorf("move(%q) = %q, %v, want %q", ref, got, ok, want)
		}
	}
}

// TestMoveWithinOneName is about clusters whose registries have the same name, as
// those of OpenShift 4 have: what the first run leaves must be left by the second.
func TestMoveWithinOneName(t *testing.T) {
	namespaces := map[string]string{"shop": "shop-dr", "openshift": "mine"}
	for ref, want := range map[string]string{
		"r:5000/shop/web:1":               "r:5000/shop-dr/web:1",
		"r:5000/openshift/cli:4":          "r:5000/openshift/cli:4",
		"r:5000/openshift/cli@sha256:ab":  "r:5000/openshift/cli",
		"r:5000/openshift/cli:4@sha256:a": "r:5000/openshift/cli:4",
	} {
		once, _ := move(ref, "r:5000", "r:5000", namespaces)
		twice, _ := move(once, "r:5000", "r:5000", namespaces)
		if once != want || twice != want {
			t.Errorf("move(%q) = %q, then %q; want %q", ref, once, twice, want)
		}
	}
}

// TestChainedMapping takes a mapping that Velero accepts: a namespace gets the old
// name of another. Each image is moved once, from the object as it is in the
// backup; the suite's second run, over what came out, would move it on.
func TestChainedMapping(t *testing.T) {
	run, err := krm.NewItem([]byte(`{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"r","namespace":"velero","annotations":{"config.kubernetes.io/local-config":"true"}},` +
		`"phase":"Restore","restore":{"name":"r","namespace":"velero","spec":{"namespaceMapping":{"a":"b","b":"c"}}},"cluster":{"internalRegistry":"r:5000"}}`))
	if err != nil {
		t.Fatal(err)
	}
	pod, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"a","annotations":{"openshift.io/backup-registry-hostname":"r:5000"}},` +
		`"spec":{"containers":[{"name":"c","image":"r:5000/a/web:1"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := Function().Run(t.Context(), &krm.ResourceList{Items: []*krm.Item{run, pod}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"a","annotations":{"openshift.io/backup-registry-hostname":"r:5000"}},` +
		`"spec":{"containers":[{"name":"c","image":"r:5000/b/web:1"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if !out.Items[1].Equal(want) {
		t.Errorf("want %s, got %s", want.Raw(), out.Items[1].Raw())
	}
	if last := out.Results[len(out.Results)-1]; last.Severity != krm.Warning || !strings.HasPrefix(last.Message, "a moved to b, and b moves to c: ") {
		t.Errorf("want a warning, got %v", out.Results)
	}
}
