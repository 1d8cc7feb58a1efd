package execfn_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/execfn"
)

// benchItems are the objects that the targets of docs/performance.md speak of.
func benchItems(tb testing.TB, n int) []*krm.Item {
	tb.Helper()
	items := make([]*krm.Item, n)
	for i := range items {
		it, err := krm.FromObject(map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{
				"name": fmt.Sprintf("object-%d", i), "namespace": "shop",
				"labels":      map[string]any{"app": "web", "tier": "front"},
				"annotations": map[string]any{"deployment.kubernetes.io/revision": "1"},
			},
			"data": map[string]any{
				"a": strings.Repeat("some text with words ", 20), "b": strings.Repeat("k=v\n", 100),
				"c": strings.Repeat("0123456789", 40), "d": "short",
			},
		})
		if err != nil {
			tb.Fatal(err)
		}
		items[i] = it
	}
	return items
}

// jsonFunction is a function as an author would write it with encoding/json
// alone.
const jsonFunction = `package main

import ("encoding/json"; "os")

func main() {
	var list map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&list); err != nil { os.Exit(1) }
	for _, it := range list["items"].([]any) {
		m := it.(map[string]any)["metadata"].(map[string]any)
		l, _ := m["labels"].(map[string]any)
		if l == nil { l = map[string]any{}; m["labels"] = l }
		l["example.com/set"] = "yes"
	}
	if err := json.NewEncoder(os.Stdout).Encode(list); err != nil { os.Exit(1) }
}
`

func buildJSONFunction(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	src, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "jsonfn")
	if err := os.WriteFile(src, []byte(jsonFunction), 0o600); err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-o", bin, src)
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// BenchmarkOverhead compares Transform over an executable with piping the same
// bytes to the bare executable: `go test -bench Overhead ./runner/execfn`.
func BenchmarkOverhead(b *testing.B) {
	const n, batch = 1800, 500
	items := benchItems(b, n)
	bin := buildJSONFunction(b)
	f, err := execfn.New(bin)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bare", func(b *testing.B) {
		var inputs [][]byte
		for i := 0; i < n; i += batch {
			inputs = append(inputs, krm.AppendResourceList(nil, &krm.ResourceList{Items: items[i:min(i+batch, n)]}))
		}
		for b.Loop() {
			for _, in := range inputs {
				cmd := exec.CommandContext(b.Context(), bin)
				cmd.Stdin = bytes.NewReader(in)
				var out bytes.Buffer
				cmd.Stdout = &out
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	for _, concurrency := range []int{1, 2} {
		b.Run(fmt.Sprintf("transform-%d", concurrency), func(b *testing.B) {
			for b.Loop() {
				out, err := runner.Transform(b.Context(), f, items, runner.TransformOptions{MaxConcurrency: concurrency})
				if err != nil {
					b.Fatal(err)
				}
				if out.Items[n-1].Status != runner.Changed || out.Calls != (n+batch-1)/batch {
					b.Fatalf("last item: %+v, %d calls", out.Items[n-1], out.Calls)
				}
			}
		})
	}
}
