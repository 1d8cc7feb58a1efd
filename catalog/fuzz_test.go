package catalog_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// FuzzFunctions gives every function whatever list: it must not panic, and
// what it says must be readable and, when it fails, hold the items as they
// were.
func FuzzFunctions(f *testing.F) {
	const head = `{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[`
	for _, name := range catalog.Names() {
		config := ""
		if item, err := benchConfig(name); err != nil {
			f.Fatal(err)
		} else if item != nil {
			config = `,"functionConfig":` + string(item.Raw())
		}
		for _, item := range []string{
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a":"b"}},"spec":{"containers":[{"image":"docker.io/acme/web:1"}]}}`,
			`{"apiVersion":"route.openshift.io/v1","kind":"Route","metadata":{"name":"r","annotations":{"openshift.io/host.generated":"true"}},"spec":{"host":"h"}}`,
			`{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"r"},"phase":"Restore","restore":{"name":"r","labels":{"app.kubernetes.io/part-of":"openshift-migration"},` +
				`"spec":{"namespaceMapping":{"shop":"dr"},"hooks":{"resources":[{"postHooks":[{}],"labelSelector":{"matchLabels":{"a":"b"}}}]}}},"backup":{"spec":{"defaultVolumesToFsBackup":true}},` +
				`"cluster":{"kubernetesVersion":"v1.33.1","internalRegistry":"docker.io"}},{"apiVersion":"apps.openshift.io/v1","kind":"DeploymentConfig","metadata":{"name":"d","namespace":"shop"},` +
				`"spec":{"replicas":1,"template":{"spec":{"containers":[{"image":"docker.io/acme/web:1","env":[{"name":"A","value":"db.shop.svc"}]}]}}}}`,
			`{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"type":"LoadBalancer","externalIPs":[1]},"status":null}`,
		} {
			f.Add([]byte(head + item + `]` + config + `}`))
		}
	}
	f.Fuzz(func(t *testing.T, stdin []byte) {
		in, err := krm.Decode(stdin, krm.DecodeOptions{})
		if err != nil {
			return
		}
		for _, function := range catalog.Functions() {
			var stdout, stderr bytes.Buffer
			code := fn.Main(t.Context(), function, bytes.NewReader(stdin), &stdout, &stderr)
			if strings.Contains(stderr.String(), "panic") {
				t.Fatalf("%s: %s", function.Name(), stderr.String())
			}
			out, err := krm.Decode(stdout.Bytes(), krm.DecodeOptions{})
			if err != nil {
				t.Fatalf("%s: exit code %d, stdout cannot be read: %v", function.Name(), code, err)
			}
			checkItems(t, function, code, in.Items, out.Items)
		}
	})
}

// checkItems allows what the function states that it needs: more or fewer
// objects than came in. When it failed, they must be those that came in.
func checkItems(t *testing.T, function fn.Function, code int, in, out []*krm.Item) {
	t.Helper()
	needs := function.About().Needs
	if len(out) > len(in) && (code != 0 || needs.Create == "") || len(out) < len(in) && (code != 0 || needs.Delete == "") {
		t.Fatalf("%s: exit code %d, %d items became %d", function.Name(), code, len(in), len(out))
	}
	if code == 0 {
		return
	}
	for i := range in {
		if !out[i].Equal(in[i]) {
			t.Fatalf("%s failed and changed item %d", function.Name(), i)
		}
	}
}
