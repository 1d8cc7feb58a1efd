package krm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// deployment returns the JSON of an object of about 1.5 KB, as an API server
// writes it.
func deployment(name string) []byte {
	return []byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"annotations":{"deployment.kubernetes.io/revision":"3","example.com/note":"kept by hand"},"creationTimestamp":"2026-01-02T03:04:05Z","generation":3,"labels":{"app":"web","app.kubernetes.io/managed-by":"Helm","tier":"front"},"name":"` + name + `","namespace":"shop","resourceVersion":"1234567","uid":"6f1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"},"spec":{"progressDeadlineSeconds":600,"replicas":3,"revisionHistoryLimit":10,"selector":{"matchLabels":{"app":"web"}},"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"},"template":{"metadata":{"creationTimestamp":null,"labels":{"app":"web","tier":"front"}},"spec":{"containers":[{"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"DB_HOST","value":"db.shop.svc"}],"image":"registry.example.com/shop/web:1.14.2","imagePullPolicy":"IfNotPresent","name":"web","ports":[{"containerPort":8080,"name":"http","protocol":"TCP"}],"resources":{"limits":{"cpu":"500m","memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}},"status":{"availableReplicas":3,"observedGeneration":3,"readyReplicas":3,"replicas":3,"updatedReplicas":3}}`)
}

func BenchmarkNewItem(b *testing.B) {
	raw := deployment("web")
	b.Run("NewItem", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := NewItem(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			if !json.Valid(raw) {
				b.Fatal("not valid")
			}
		}
	})
}

func BenchmarkWithAnnotation(b *testing.B) {
	it, err := NewItem(deployment("web"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		it.WithAnnotation("internal.config.kubernetes.io/id", "17")
	}
}

func BenchmarkObject(b *testing.B) {
	it, err := NewItem(deployment("web"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		it.Object()
	}
}

func BenchmarkFromObject(b *testing.B) {
	it, err := NewItem(deployment("web"))
	if err != nil {
		b.Fatal(err)
	}
	obj := it.Object()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := FromObject(obj); err != nil {
			b.Fatal(err)
		}
	}
}

// manyItems returns n objects of about 1.5 KB.
func manyItems(tb testing.TB, n int) []*Item {
	tb.Helper()
	items := make([]*Item, n)
	for i := range items {
		it, err := NewItem(deployment(fmt.Sprintf("web-%05d", i)))
		if err != nil {
			tb.Fatal(err)
		}
		items[i] = it
	}
	return items
}

func TestBenchmarkObjectIsOfTheStatedSize(t *testing.T) {
	if n := len(deployment("web")); n < 1300 || n > 1700 {
		t.Errorf("size: want about 1500 bytes, got %d", n)
	}
	if strings.ContainsAny(string(deployment("web")), "\n\t") {
		t.Error("the object is not compact")
	}
}

func BenchmarkAppend(b *testing.B) {
	list := &ResourceList{Items: manyItems(b, 1000)}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendResourceList(dst[:0], list)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/item")
}

func BenchmarkDecode(b *testing.B) {
	data := AppendResourceList(nil, &ResourceList{Items: manyItems(b, 1000)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data, DecodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/item")
}

func BenchmarkDecodeYAML(b *testing.B) {
	list := &ResourceList{Items: manyItems(b, 200)}
	// What a kyaml function prints for JSON: block around flow.
	mixed := []byte("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n")
	for _, it := range list.Items {
		mixed = append(append(append(mixed, "- "...), it.Raw()...), '\n')
	}
	for name, data := range map[string][]byte{"block": EncodeYAML(list), "mixed": mixed} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(data, DecodeOptions{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "ns/item")
		})
	}
}

func BenchmarkEncodeYAML(b *testing.B) {
	list := &ResourceList{Items: manyItems(b, 200)}
	b.ReportAllocs()
	for b.Loop() {
		EncodeYAML(list)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "ns/item")
}

func BenchmarkDiff(b *testing.B) {
	before := manyItems(b, 1)[0]
	obj := before.Object()
	spec, ok := obj["spec"].(map[string]any)
	if !ok {
		b.Fatal("no spec")
	}
	spec["replicas"] = 4
	after, err := FromObject(obj)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(Diff(before, after)) != 1 {
			b.Fatal("want one change")
		}
	}
}

func BenchmarkCarry(b *testing.B) {
	base := manyItems(b, 1)[0]
	changed := base.WithAnnotation("a", "b")
	obj := base.Object()
	delete(obj, "status")
	onto, err := FromObject(obj)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Carry(base, changed, onto); err != nil {
			b.Fatal(err)
		}
	}
}
