package catalog_test

import (
	"fmt"
	"testing"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/krm"
)

// benchItems are n Deployments of about 1.5 KB.
func benchItems(b *testing.B, n int) []*krm.Item {
	b.Helper()
	env := ""
	for i := range 16 {
		env += fmt.Sprintf(`{"name":"VARIABLE_%d","value":"the value of it %d"},`, i, i)
	}
	items := make([]*krm.Item, n)
	for i := range items {
		raw := fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web-%d","namespace":"shop","labels":{"app":"web"},"uid":"5b0c"},`+
			`"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[`+
			`{"name":"web","image":"docker.io/acme/web:1.2","env":[%s{"name":"LAST","value":"x"}],"ports":[{"containerPort":8080}],"resources":{"limits":{"cpu":"500m"}}},`+
			`{"name":"sidecar","image":"quay.io/acme/proxy:1","resources":{}}]}}},"status":{"replicas":3}}`, i, env)
		item, err := krm.NewItem([]byte(raw))
		if err != nil {
			b.Fatal(err)
		}
		items[i] = item
	}
	return items
}

// benchConfigs are for functions whose example changes none of benchItems. The
// others are measured with their example's config.
var benchConfigs = map[string]string{
	"drop":                 `{"apiVersion":"v1","kind":"ConfigMap","data":{"selectors":"[{kind: Build}]"}}`,
	"map-namespaces":       `{"apiVersion":"v1","kind":"ConfigMap","data":{"mappings":"{shop: shop-dr}"}}`,
	"move-internal-images": `{"apiVersion":"v1","kind":"ConfigMap","data":{"from":"docker.io","to":"new.example"}}`,
	"remove-fields":        `{"apiVersion":"v1","kind":"ConfigMap","data":{"paths":"status,metadata.uid"}}`,
	"rename":               `{"apiVersion":"v1","kind":"ConfigMap","data":{"renames":"[{kind: Deployment, from: web-1, to: web-x}]"}}`,
	"replace":              `{"apiVersion":"v1","kind":"ConfigMap","data":{"rules":"[{path: \"spec.template.spec.containers[*].image\", regex: acme, with: other}]"}}`,
	"required-fields":      `{"apiVersion":"v1","kind":"ConfigMap","data":{"rules":"[{paths: [spec.replicas]}]"}}`,
}

// benchConfig returns what a function is measured with, nil for no config.
func benchConfig(name string) (*krm.Item, error) {
	if text := benchConfigs[name]; text != "" {
		return krm.ParseConfig([]byte(text))
	}
	example, err := catalog.ExampleOf(name)
	if err != nil {
		return nil, err
	}
	return example.FunctionConfig()
}

// BenchmarkFunctions runs each function over 500 objects that it changes (the
// kinds of route and service excepted), beside decoding and encoding the same.
func BenchmarkFunctions(b *testing.B) {
	items := benchItems(b, 500)
	b.Run("decode-encode", func(b *testing.B) {
		for b.Loop() {
			for _, item := range items {
				if _, err := krm.FromObject(item.Object()); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	// Some functions fail without the context of a run.
	run, err := krm.NewItem([]byte(`{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"r1"},"phase":"Restore",` +
		`"restore":{"spec":{"namespaceMapping":{"shop":"shop-dr"}}},"cluster":{"kubernetesVersion":"v1.33.1"}}`))
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range catalog.Functions() {
		config, err := benchConfig(f.Name())
		if err != nil {
			b.Fatal(err)
		}
		in := &krm.ResourceList{FunctionConfig: config, Items: append([]*krm.Item{run}, items...)}
		b.Run(f.Name(), func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Run(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
