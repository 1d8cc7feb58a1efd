package objects

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGenerate(t *testing.T) {
	const n = 1000
	got := Generate(n)
	kinds := map[string]int{}
	total := 0
	for i, raw := range got {
		var o struct{ Kind string }
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatalf("object %d: %v", i, err)
		}
		kinds[o.Kind]++
		total += len(raw)
	}
	want := map[string]int{"Deployment": 400, "Secret": 300, "ConfigMap": 100, "Service": 100, "PersistentVolumeClaim": 100}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if avg := total / n; avg < 1400 || avg > 1600 {
		t.Errorf("average size %d bytes, want about 1.5 KB", avg)
	}
}

func TestGenerateGivesTheSameBytes(t *testing.T) {
	a, b := Generate(50), Generate(50)
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			t.Fatalf("object %d differs between two calls", i)
		}
	}
}
