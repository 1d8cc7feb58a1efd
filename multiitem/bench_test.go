package multiitem_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/velero-krm/velero-krm/multiitem/multiitemtest"
)

// many is a Source of n objects of 1.5 KB that are never in memory together.
type many struct {
	n    int
	data string
}

func (m *many) Load(_ context.Context, index int) (*multiitem.Item, error) {
	if index >= m.n {
		return nil, multiitem.ErrEnd
	}
	name := fmt.Sprintf("item-%06d", index)
	return &multiitem.Item{
		ID:     multiitem.ResourceIdentifier{Resource: "configmaps", Namespace: "shop", Name: name},
		Object: json.RawMessage(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `"},"data":{"x":"` + m.data + `"}}`),
	}, nil
}

// tally is a Sink that counts.
type tally struct{ answers int }

func (t *tally) Answer(context.Context, multiitem.Answer) error {
	t.answers++
	return nil
}

func (*tally) Created(context.Context, multiitem.Created) error { return nil }

// BenchmarkProcess sends a list of 10,000 objects of 1.5 KB to a child process
// that updates each, and takes them back.
func BenchmarkProcess(b *testing.B) {
	const n = 10_000
	p, err := multiitemtest.Process(b)(multiitem.KindBackup, multiitemtest.Scripted)(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Stop(false)
	source := &many{n: n, data: strings.Repeat("x", 1400)}
	run, err := multiitemtest.Script{}.Encode(multiitem.KindBackup)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		sink := &tally{}
		if _, err := p.Client.Execute(b.Context(), multiitem.Job{Run: run, Source: source, Sink: sink}); err != nil {
			b.Fatal(err)
		}
		if sink.answers != n {
			b.Fatalf("%d answers, want %d", sink.answers, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/item")
}
