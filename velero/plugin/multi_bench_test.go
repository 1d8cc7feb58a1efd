package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/velero-krm/velero-krm/pipeline"
)

// manyItems is a list of n Deployments of some 1.5 KB that is never in memory.
type manyItems int

func (n manyItems) Load(_ context.Context, i int) (*multiitem.Item, error) {
	if i >= int(n) {
		return nil, multiitem.ErrEnd
	}
	name := fmt.Sprintf("web-%d", i)
	return &multiitem.Item{
		ID: multiitem.ResourceIdentifier{Group: "apps", Resource: "deployments", Namespace: "shop", Name: name},
		Object: json.RawMessage(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"` + name + `","namespace":"shop","uid":"u","labels":{"app":"web"},"annotations":{"note":"` + strings.Repeat("x", 700) +
			`"}},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"docker.io/acme/web:1","ports":[{"containerPort":8080}],"env":[{"name":"A","value":"` + strings.Repeat("y", 200) +
			`"}],"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}}},"status":{"replicas":3,"readyReplicas":3}}`),
	}, nil
}

// noSink takes answers and forgets them.
type noSink struct{}

func (noSink) Answer(context.Context, multiitem.Answer) error { return nil }

func (noSink) Created(context.Context, multiitem.Created) error { return nil }

// BenchmarkMulti runs three functions of the catalogue over lists of 10,000
// objects on loopback, host and plugin in one process.
func BenchmarkMulti(b *testing.B) {
	const n = 10_000
	w := newWorld(b, []string{yamlPipeline("p", "\tmutators: [{builtin: set-labels, configMap: {labels: '{site: dr}'}}, {builtin: remove-annotations, configMap: {keys: example.com/*}}, {builtin: set-image-registry, configMap: {from: docker.io/acme, to: registry.dr.example/mirror}}]\n")})
	w.multi, w.engine.log = true, slog.New(slog.DiscardHandler)
	w.catalog = Catalog{Find: func(name string) (pipeline.Builtin, bool) { return catalog.Lookup(name) }}
	conn := w.host(b)
	raw, err := json.Marshal(aBackup("b1", wants("p")))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		client := multiitem.NewClient(multiitem.KindBackup, Name, conn)
		if _, err := client.Execute(b.Context(), multiitem.Job{Run: multiitem.Run{Backup: raw}, Source: manyItems(n), Sink: noSink{}}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}
