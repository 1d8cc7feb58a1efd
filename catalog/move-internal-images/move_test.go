package moveinternalimages

import "testing"

func TestMove(t *testing.T) {
	namespaces := map[string]string{"shop": "shop-dr", "openshift": "nowhere"}
	tests := map[string]string{
		"old:5000/shop/web:1":               "new/shop-dr/web:1",
		"old:5000/shop/web@sha256:ab":       "new/shop-dr/web@sha256:ab",
		"old:5000/shop/a/b":                 "new/shop-dr/a/b",
		"old:5000/other/web:1":              "new/other/web:1",
		"old:5000/openshift/cli@sha256:ab":  "new/openshift/cli",
		"old:5000/openshift/cli:4@sha256:a": "new/openshift/cli:4",
		"old:5000/openshift/cli:4":          "new/openshift/cli:4",
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
