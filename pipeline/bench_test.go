package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/pipeline"
)

// BenchmarkExecute is what the pipeline costs beside its functions: one of
// three steps selects a hundredth of the list, by kind.
func BenchmarkExecute(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			items := make([]*krm.Item, n)
			for i := range items {
				kind := "ConfigMap"
				if i%100 == 0 {
					kind = "Route"
				}
				it, err := krm.NewItem(fmt.Appendf(nil,
					`{"apiVersion":"v1","kind":%q,"metadata":{"name":"n%d","namespace":"shop","labels":{"app":"shop"}},"data":{"a":%q}}`, kind, i, fmt.Sprint(i)))
				if err != nil {
					b.Fatal(err)
				}
				items[i] = it
			}
			prog, err := pipeline.Compile(&pipeline.Pipeline{
				APIVersion: pipeline.APIVersion, Kind: pipeline.Kind, Metadata: pipeline.Metadata{Name: "bench"},
				Spec: pipeline.Spec{Mutators: []pipeline.Step{
					{Builtin: "identity", Selectors: []pipeline.Selector{{Kind: "Route"}}},
					{Builtin: "identity"},
					{Builtin: "identity", Selectors: []pipeline.Selector{{Kind: "Deployment"}}},
				}},
			}, env())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				plan, err := prog.Execute(b.Context(), pipeline.Input{Items: items})
				if err != nil || plan.Failed() {
					b.Fatal(err, plan.Failures())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
		})
	}
}
