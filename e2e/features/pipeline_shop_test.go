package features

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// testShop moves the example application to another namespace and compares
// every object with what it was, and with the six changes that are wanted.
func (p *pipelines) testShop(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(shop, "pipeline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.put(t, "shop", string(text))
	p.apply(t, filepath.Join(shop, "app"), "shop")
	api := p.ControlPlane.Client
	namespace := namespaceNamed("shop")
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(namespace), namespace); err != nil {
		t.Fatal(err)
	}
	namespace.Labels["team"], namespace.Annotations = "shop", map[string]string{"note": "as it was"}
	if err := api.Update(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	want := p.objects(t, "shop")
	p.complete(t, p.backup(t, "shop", "shop", named("none")))
	if err := p.ControlPlane.DeleteNamespace(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}

	p.complete(t, p.restore(t, "shop", "shop", "shop-dr", named("to-dr")))

	for _, kind := range []string{"ConfigMap", "Deployment", "PersistentVolumeClaim", "Route", "Secret", "Service"} {
		if len(want) != 6 || !hasKind(want, kind) {
			t.Fatalf("the application has no %s or not six objects: %v", kind, want)
		}
	}
	remove(t, want["Route/web"], "spec", "host")
	remove(t, want["Service/web"], "spec", "externalIPs")
	setImage(t, want["Deployment/web"], "initContainers", 0, "registry.dr.example/mirror/shop/migrate:1.4.2")
	setImage(t, want["Deployment/web"], "containers", 0, "registry.dr.example/mirror/shop/web:1.4.2")
	if diff := cmp.Diff(want, p.objects(t, "shop-dr")); diff != "" {
		t.Errorf("the restored application (-want +got):\n%s", diff)
	}
	checkShopTexts(t, api)
	log, err := p.RestoreLog(t.Context(), "shop-dr")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "pipelines loaded"); n != 1 {
		t.Errorf("the pipelines were loaded %d times, want once for the whole restore", n)
	}

	restored := namespaceNamed("shop-dr")
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(restored), restored); err != nil {
		t.Fatal(err)
	}
	if restored.Labels["team"] != "shop" || restored.Annotations["note"] != "as it was" {
		t.Errorf("the restored Namespace: want it as it was, got labels %v and annotations %v", restored.Labels, restored.Annotations)
	}
}

// checkShopTexts reads what a careless tool breaks, against literals.
func checkShopTexts(t *testing.T, api client.Client) {
	t.Helper()
	var cm corev1.ConfigMap
	if err := api.Get(t.Context(), client.ObjectKey{Namespace: "shop-dr", Name: "web"}, &cm); err != nil {
		t.Fatal(err)
	}
	wantData := map[string]string{
		"bootstrap.yaml": "kind: Catalog\ncurrency: EUR\n---\nkind: Banner\ntext: \"yes: we ship\"\n",
		"numbers":        "9007199254740993",
	}
	if diff := cmp.Diff(wantData, cm.Data); diff != "" {
		t.Errorf("the restored ConfigMap (-want +got):\n%s", diff)
	}
	secret := secretNamed("shop-dr", "db")
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(secret), secret); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("correct-horse-battery-staple", string(secret.Data["password"])); diff != "" {
		t.Errorf("the restored Secret (-want +got):\n%s", diff)
	}
}

func hasKind(objects map[string]map[string]any, kind string) bool {
	for _, o := range objects {
		if o["kind"] == kind {
			return true
		}
	}
	return false
}

// remove takes out a field that must be there.
func remove(t *testing.T, o map[string]any, path ...string) {
	t.Helper()
	if _, found, err := unstructured.NestedFieldNoCopy(o, path...); !found || err != nil {
		t.Fatalf("%v has no field %v: %v", o["kind"], path, err)
	}
	unstructured.RemoveNestedField(o, path...)
}

func setImage(t *testing.T, o map[string]any, list string, i int, image string) {
	t.Helper()
	containers, _, err := unstructured.NestedSlice(o, "spec", "template", "spec", list)
	if err != nil || len(containers) <= i {
		t.Fatalf("%v has no %s[%d]: %v", o["kind"], list, i, err)
	}
	containers[i].(map[string]any)["image"] = image
	if err := unstructured.SetNestedSlice(o, containers, "spec", "template", "spec", list); err != nil {
		t.Fatal(err)
	}
}

// decoded returns a file of a tarball.
func decoded(t *testing.T, files map[string][]byte, path string) *unstructured.Unstructured {
	t.Helper()
	data, ok := files[path]
	if !ok {
		t.Fatalf("the tarball has no %s", path)
	}
	o := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, o); err != nil {
		t.Fatalf("%s in the tarball: %v", path, err)
	}
	return o
}
